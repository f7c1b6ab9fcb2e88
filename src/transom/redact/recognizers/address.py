"""Street addresses of many countries' forms, with the town after them; flats and boxes; postal codes.

The words of streets, doors and labels say where to look, and each is looked at with its neighbours only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transom.redact.finding import Finding, Recognizer
from transom.redact.recognizers.words import LETTER, alternatives, index, spot, vocabulary
from transom.redact.text import has_digit

_NUMBER = r"[0-9]{1,6}[A-Za-z]?"
_WORD = rf"[{LETTER}][{LETTER}0-9.'’-]{{0,24}}"
_CAPITALISED = rf"(?![a-zß-öø-ÿ]){_WORD}"
_LEAD = rf"(?:(?<![\w.]){_NUMBER}(?:[/-][0-9]{{1,4}}[A-Za-z]?)?,? )?(?<![\w.])"

_SUFFIXED = vocabulary(
    "street st avenue ave road rd boulevard blvd lane ln drive dr court ct way place pl square sq terrace parkway "
    "pkwy highway hwy close crescent trail circle row rows gardens mews alley loop pike plaza nagar "
    "marg vihar chowk sarani bazar"
)
"""`12 Main Street`: the kind of street after its name."""
_NUMBERED_LAST = vocabulary(
    "utca tér út körút u sokak sokağı cadde caddesi cad mahallesi mah tänav tee mnt iela gatvė ulica"
)
"""`Kossuth utca 5`, in lower case too."""
_BEFORE_OR_AFTER = _SUFFIXED | _NUMBERED_LAST
_PREFIXED = vocabulary(
    "rue avenue av boulevard bd place allée chemin impasse quai route cours via viale piazza corso vicolo largo "
    "strada calle avenida avda paseo plaza carrer camino carretera rua travessa praça alameda estrada ulica ul "
    "aleja al plac os jalan jl улица ул проспект пр переулок οδός λεωφόρος nábřeží náměstí"
)
"""`12 rue de la Gare`, `Via Roma 5`: the kind of street before its name."""
_COMPOUND = tuple(
    vocabulary(
        "straße strasse str gasse weg platz allee damm gade vej vænget stræde gatan gata vägen väg veien vegen stien "
        "gränd straat laan plein gracht kade dijk dreef baan katu kuja ntie polku"
    )
)
"""`Hauptstraße 5`: the kind of street at the end of its name."""
_NO_STREETS = vocabulary(
    "decade decades brigade renegade grade arcade cascade blockade facade upgrade downgrade kade straat laan dijk"
)

_NAMED = re.compile(
    rf"(?<![\w.]){_NUMBER}(?:[/-][0-9]{{1,4}})?,? (?:[NSEW]\.? )?(?P<name>{_WORD} (?:{_WORD} ){{0,2}})\Z"
)
_PARTICLES = r"(?:(?:de|de la|de l['’]|des|du|del|della|dei|di|da|do|dos|das|la|las|los|le|les|the) ?)?"
_OF_NAME = (
    rf"\.? {_PARTICLES}(?P<name>{_CAPITALISED}(?: (?:(?:de|la|del|di|da|do|e|y|i|et) ){{0,2}}{_CAPITALISED}){{0,3}})"
)
_STREET_NAME = re.compile(_OF_NAME)
_DOOR_NUMBER = re.compile(
    rf",? (?:no\.? ?|nr\.? ?|n[°º] ?|[sS]/[nN])?{_NUMBER}(?:[/-][0-9]{{1,4}}[A-Za-z]?)?(?![\w%])\.?"
)
_COMPOUND_NUMBER = re.compile(rf"\.? ?{_NUMBER}(?:[/-][0-9]{{1,4}}[A-Za-z]?)?(?![\w%])\.?")
_LEADING = re.compile(rf"(?<![\w.,])(?:{_NUMBER},? ){{1,2}}\Z")

_NUMBERED = rf"{_NUMBER} (?:{_WORD} ){{1,4}}[0-9]{{1,5}}\.?(?!\w)"
_BEFORE_DOOR = re.compile(rf"(?<![\w.]){_NUMBERED}[\s,>]{{1,8}}\Z")
_KINDS_OF_DOOR = vocabulary(
    "house flat plot holding apartment apt suite unit room floor level box psc road block sector ward village "
    "thana upazila"
)
_DOORS = _KINDS_OF_DOOR | {"p", "po"}
_SIGN = r"(?: ?(?:no\.?|#|number))?[ :#-]{0,2}"
_DOOR = re.compile(
    rf"(?:p\.?\s?o\.? ?)?(?:{alternatives(_KINDS_OF_DOOR)})\.?{_SIGN}"
    rf"(?:[0-9]{{1,6}}(?:[/-]?[A-Za-z0-9]{{1,4}})?|[A-Z](?=,))"
    rf"(?:,? (?:{alternatives(_KINDS_OF_DOOR)}|lane|ap[oe]){_SIGN}\w{{1,6}}){{0,5}}(?!\w)",
    re.IGNORECASE,
)
_TELLING_DOOR = re.compile(r"apartment|apt|suite|flat|p\.?\s?o\.? ?box|psc|house|plot|unit.*box", re.IGNORECASE)
_MILITARY = re.compile(r"[\s,]{1,3}(?:[AFD]PO) (?:A[AEP]) [0-9]{5}(?:-[0-9]{4})?(?![\w])", re.IGNORECASE)

_CUES = vocabulary(
    "address lives live living resides residing sent send ship deliver delivered meet located office moved"
)
_CUED = re.compile(
    rf"(?: is| was| at| in| to| it| you| them| me| on|:|>){{0,4}}[ >]{{0,8}}\n?\s{{0,8}}(?P<address>{_NUMBERED})",
    re.IGNORECASE,
)
_NO_TOWN = alternatives(
    vocabulary(
        "card account acct ssn sin mrn dob id no tel phone mobile cell fax email ref reference order "
        "invoice case policy"
    )
)
"""What the next number of a form is called."""
_ZIP = r"(?:[0-9]{5}-[0-9]{4}|[0-9]{4,6})(?!-?[0-9])"
_TOWN = re.compile(
    r"[\s,>]{1,4}(?:[A-Z]{1,2}-)?[0-9]{4,5}(?: [A-Z]{2})? (?![a-z])[^\W\d_][\w.'’-]{2,25}"
    rf"|(?:[\s,>]{{1,10}}(?=[^\W\d_a-z])(?!(?i:{_NO_TOWN})\b)[\w.'’()-]{{1,25}}){{0,6}}[\s,>-]{{1,10}}"
    rf"(?:{_ZIP}|[A-Z]{{1,2}}[0-9][A-Z0-9]? [0-9][A-Z]{{2}})(?!\w)"
)
"""After a street or a door: a postal code and a town; or a town, state and country that a postal code ends."""
_LABELS = vocabulary("zip zipcode postal postcode post plz pincode pin cap eircode")
_LABELLED = re.compile(
    r"(?: ?code| ?number)?[\s:=#\"']{0,4}(?:is )?(?P<code>[A-Z0-9][A-Z0-9-]{2,9}(?: [0-9][A-Z]{2})?)\b", re.IGNORECASE
)
_US_TOWN = re.compile(r", ?[A-Z]{2}[ ,]{1,2}[0-9]{5}(?:-[0-9]{4})?(?![\w-])")
_TOWN_NAME = re.compile(rf"(?<!\w)(?:{_CAPITALISED} ){{0,2}}{_CAPITALISED}\Z")
_POSTCODE = re.compile(
    r"[A-Z](?<![\w/.-].)(?:[A-Z]?[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{2}|[0-9][A-Z] [0-9][A-Z][0-9])(?![\w-])"
)
"""Of the United Kingdom (BS 7666) and Canada."""


def find(text: str) -> Iterator[Finding]:
    """Streets with a number, doors, what a label calls an address, postal codes; all with the town that follows."""
    if not has_digit(text):
        return
    for start, end, score in (*_streets(text), *_compounds(text), *_doors(text), *_cued(text)):
        town = _TOWN.match(text, end)
        yield Finding(start, town.end() if town else end, "STREET_ADDRESS", score)
    yield from _postal_codes(text)


def _streets(text: str) -> Iterator[tuple[int, int, float]]:
    for start, word in spot(text, _BEFORE_OR_AFTER):
        end = start + len(word)
        stop = end + (text[end : end + 1] == ".")
        before = _NAMED.search(text, max(0, start - 90), start)
        if before and not before["name"][0].islower() and (len(word) > 1 or stop > end):
            yield before.start(), stop, 0.7
            continue
        name, door = _TOWN_NAME.search(text, max(0, start - 60), start - 1), _DOOR_NUMBER.match(text, stop)
        if name and door and (text[start].isupper() or word in _NUMBERED_LAST):
            yield name.start(), door.end(), 0.6
    for start, word in spot(text, _PREFIXED):
        name = _STREET_NAME.match(text, start + len(word))
        if name and (door := _DOOR_NUMBER.match(text, name.end())):
            yield _from_number(text, start), door.end(), 0.65
        elif name and (first := _from_number(text, start)) < start:
            yield first, name.end(), 0.65


def _from_number(text: str, start: int) -> int:
    """Where the numbers before a street begin."""
    leading = _LEADING.search(text, max(0, start - 16), start)
    return leading.start() if leading else start


def _compounds(text: str) -> Iterator[tuple[int, int, float]]:
    words = index(text)
    for word in words:
        if word.endswith(_COMPOUND) and len(word) > 5 and word not in _NO_STREETS:
            for start in words[word]:
                door = _COMPOUND_NUMBER.match(text, start + len(word))
                if door and not text[start].islower():
                    yield _from_number(text, start), door.end(), 0.65


def _doors(text: str) -> Iterator[tuple[int, int, float]]:
    for start, _ in spot(text, _DOORS):
        door = _DOOR.match(text, start)
        if not door or text[start - 1 : start] in {"_", "-", "/", "."}:
            continue
        end = door.end() + (len(military.group()) if (military := _MILITARY.match(text, door.end())) else 0)
        if numbered := _BEFORE_DOOR.search(text, max(0, start - 90), start):
            yield numbered.start(), end, 0.65
        elif "," in door.group() or military or (_TELLING_DOOR.match(door.group()) and not text[start].islower()):
            yield start, end, 0.6


def _cued(text: str) -> Iterator[tuple[int, int, float]]:
    for start, word in spot(text, _CUES):
        if cued := _CUED.match(text, start + len(word)):
            yield *cued.span("address"), 0.65


def _postal_codes(text: str) -> Iterator[Finding]:
    for start, word in spot(text, _LABELS):
        label = _LABELLED.match(text, start + len(word))
        if label and has_digit(label["code"]):
            yield Finding(*label.span("code"), "STREET_ADDRESS", 0.6)
    for code in _US_TOWN.finditer(text):
        if town := _TOWN_NAME.search(text, max(0, code.start() - 48), code.start()):
            yield Finding(town.start(), code.end(), "STREET_ADDRESS", 0.65)
    for code in _POSTCODE.finditer(text):
        yield Finding(*code.span(), "STREET_ADDRESS", 0.55)


ADDRESS = Recognizer("address", ("STREET_ADDRESS",), find)
