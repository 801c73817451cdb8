"""One module for each invariant; each `check` answers how much it checked and what it found."""
