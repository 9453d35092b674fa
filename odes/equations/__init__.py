"""The derived equations in print: text, LaTeX, MathML, Python, JavaScript."""
