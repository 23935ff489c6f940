"""From folders of runs to an answer: what they found, how certain it is, and what it says of the paper's claims."""
