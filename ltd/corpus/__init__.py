"""A corpus in the manner of semantic fragments (Richardson et al. 2020): inference with labels exact by construction.

Beside it stand other task families, so that inference is about a twentieth of the whole, as NLI is of P3. Everything is
made from word lists, sentence templates and one seed; training and evaluation have no open-class word in common.
"""
