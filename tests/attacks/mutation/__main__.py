"""`make mutants`."""

import sys

from tests.attacks.mutation.many import main

sys.exit(main())
