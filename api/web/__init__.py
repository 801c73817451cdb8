"""The public page: what a clerk or passer-by reads after scanning a certificate's code."""
