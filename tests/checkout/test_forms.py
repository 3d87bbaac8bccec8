"""The booking sheet's rules are the schema's, in the browser as on the server."""

from pesan.checkout.forms import MENDS, html_rules, read_hold_form
from pesan.checkout.schemas import HoldForm


def test_rules_of_the_sheet_are_the_schemas():
    assert html_rules(HoldForm) == {
        "name": {"minlength": "3", "maxlength": "100", "pattern": r"[\p{L}\p{M} .'’\-]{3,}", "required": ""},
        "wa": {"maxlength": "40"},
        "email": {"maxlength": "254"},
        "notes": {"maxlength": "120"},
        "qty": {"min": "1", "max": "1"},
    }


def test_sheet_with_blank_contacts_is_valid():
    form, errors = read_hold_form({"name": " Asep  Budiawan ", "wa": "", "email": "", "notes": ""})
    assert errors == {}
    assert form is not None
    assert (form.name, form.wa, form.email, form.notes) == ("Asep Budiawan", None, None, None)


def test_sheet_names_the_mend_of_each_field():
    form, errors = read_hold_form({"name": "A1", "wa": "0812", "email": "asep@", "notes": "x" * 121})
    assert form is None
    assert errors == MENDS


def test_sheet_takes_the_number_as_the_browser_shapes_it():
    form, _ = read_hold_form({"name": "Asep", "wa": "+62 812-3456-7890"})
    assert form is not None
    assert form.wa == "+6281234567890"
