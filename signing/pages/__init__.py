"""From a certificate's content to its page: typst, the designs, the fonts."""
