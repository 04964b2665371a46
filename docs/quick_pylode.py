"""pyLODE's own command, which asks once for the details of a property: python docs/quick_pylode.py ARGUMENT...

pyLODE 3.6 joins the ontology with all its background ontologies anew for each value of a property that it does not
know: nine tenths of its time on our page. Run it by the Python of pyLODE's environment.
"""

from __future__ import annotations

import sys
from typing import Any

from pylode import utils
from pylode.cli import main

_told: dict[Any, Any] = {}
_details = utils.property_details


def details(prop: Any, ont: Any, back_onts: Any, props_labeled: Any) -> Any:
    """What pyLODE says of a property; a page is made of one ontology, so the property alone decides."""
    if prop not in _told:
        _told[prop] = _details(prop, ont, back_onts, props_labeled)
    return _told[prop]


if __name__ == "__main__":
    utils.property_details = details
    sys.exit(main())
