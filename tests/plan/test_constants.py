import pytest

from tests.helpers import python
from vae.explorer import runtime
from vae.plan.constants import constant


def test_a_constant_is_what_the_module_has():
    assert constant("vae.explorer.runtime", "VERSION") == runtime.VERSION
    assert constant("vae.explorer.runtime", "FILES") == runtime.FILES


def test_a_constant_that_is_not_there_is_an_error():
    with pytest.raises(LookupError, match="VERSIONS"):
        constant("vae.explorer.runtime", "VERSIONS")


def test_the_module_is_not_imported():
    code = "import sys; from vae.plan.constants import constant; "
    code += "constant('vae.explorer.runtime', 'VERSION'); print(*sys.modules)"
    assert "vae.explorer.runtime" not in python("-c", code).stdout.split()
