"""The site: Sphinx with MyST-NB and furo. README.md beside this file says how it is built."""

import logging
import os
import platform
import sys
from importlib import metadata
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # for `hooks`

project = "mlpzoo"
author = "the authors of mlpzoo"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "hooks"]
exclude_patterns = ["README.md"]
highlight_language = "text"
smartquotes_action = "D"  # dashes; quotes stay as typed
html_show_copyright = False

html_theme = "furo"
html_title = "mlpzoo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"  # of hooks.py
html_sourcelink_suffix = ""  # the source of a lesson is a notebook that can be downloaded

# The reference. Types are in the signatures, explanations in the docstrings.
default_role = "py:obj"  # `name` in a docstring is a link where the site has it, else code
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_inherit_docstrings = False  # those of Lightning's hooks
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 100
toc_object_entries_show_parents = "hide"
napoleon_numpy_docstring = False
napoleon_attr_annotations = False
napoleon_use_ivar = True

# Pages and lessons. A cache of outputs would not see that mlpzoo has changed, so there is none.
myst_enable_extensions = ["colon_fence", "dollarmath", "substitution"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_show_tb = True  # a cell that fails is a warning, and -W makes that an error
nb_execution_timeout = 300
nb_output_stderr = "warn"  # and so is one that complains
nb_code_prompt_show, nb_code_prompt_hide = "Show a solution", "Hide the solution"
logging.getLogger("traitlets").setLevel(logging.WARNING)  # says which notebook is run
os.environ["OMP_NUM_THREADS"] = "1"  # of the notebooks' kernels: best for small networks

NAMES = ("mlpzoo", "torch", "lightning", "torchmetrics", "numpy", "matplotlib", "sphinx")
touchable = ["xor", "xor-lecture", "sin", "square", "minmax", "linear", "perceptron"]  # of hooks.py
myst_substitutions = {
    "installed": ", ".join(
        [f"Python {platform.python_version()}", *(f"{it} {metadata.version(it)}" for it in NAMES)]
    ),
    "touchable": ", ".join(f'<a href="pages/{name}.html">{name}</a>' for name in touchable),
}
