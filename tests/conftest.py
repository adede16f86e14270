"""Hypothesis tries the same examples in every run, so that a run fails only where the code changed.

`make release` looks for new ones (HYPOTHESIS_PROFILE=default).
"""

import os

from hypothesis import settings

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
