"""What a trained network is, exactly: formulas, pieces, proved errors, gradients by hand."""
