"""Shape annotations are enforced in every test, here only; property tests try the same examples every time."""

from hypothesis import settings
from jaxtyping import install_import_hook

import tests.typechecking  # noqa: F401  (the hook looks the checker up by its name)

settings.register_profile("same examples", derandomize=True, deadline=None)
settings.load_profile("same examples")
install_import_hook("facewright", "tests.typechecking.checked")
