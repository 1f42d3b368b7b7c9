"""Steps of known networks without autograd: each is compared with autograd before it is used."""
