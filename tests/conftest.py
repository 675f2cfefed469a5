"""Shape annotations are enforced in every test, here only."""

from jaxtyping import install_import_hook

import tests.typechecking  # noqa: F401  (the hook looks the checker up by its name)

install_import_hook("facewright", "tests.typechecking.checked")
