"""What names and texts are made of; the pools of subject and strangers are apart."""

FIRST = (
    "Mira",
    "Jonas",
    "Anika",
    "Tomasz",
    "Leila",
    "Oskar",
    "Ines",
    "Bastian",
    "Freya",
    "Nikolai",
    "Paula",
    "Emre",
    "Salma",
    "Viktor",
    "Greta",
    "Milan",
)
LAST = (
    "Kovalenko",
    "Hartmann",
    "Lindqvist",
    "Okafor",
    "Brandt",
    "Marchetti",
    "Delacroix",
    "Vasquez",
    "Halloran",
    "Petrov",
    "Nakagawa",
    "Steiner",
)
OTHER_LAST = (
    "Ashworth",
    "Bergstrom",
    "Castellan",
    "Drummond",
    "Eriksen",
    "Fairweather",
    "Grabowski",
    "Holloway",
    "Iversen",
    "Jankovic",
)

CONTACT_LATIN = (
    "Jürgen Müller",
    "Zoë Lefèvre",
    "Søren Østergård",
    "Łukasz Żak",
    "José Ibáñez",
    "Björk Jónsdóttir",
    "Chloé Dûchêne",
)
CONTACT_HAN = ("欧阳明华", "李明", "王晓燕", "司马文轩", "陈丽华", "刘子涵")
CONTACT_OTHER = ("Ольга Журавлёва", "Γιώργος Παππάς", "अनिल शर्मा", "Siobhán O'Rourke", "Marek Dvořák")
HAN_GIVEN = "伟强芳敏静磊洋勇艳杰娟涛超秀霞平刚桂英建波鹏"

OPENINGS = (
    "Could you bring the grey suitcase",
    "Bitte denk an die Schlüssel für Oma",
    "The plumber comes tomorrow between nine",
    "Your parcel from the pottery is waiting",
    "Nous arrivons à la gare vers midi",
    "I left the blue folder on the kitchen",
    "Grüße aus dem verschneiten Garmisch",
    "They moved the rehearsal to the chapel",
)
MIDDLES = (
    "because the lift is broken again",
    "und nimm den Hund lieber nicht mit",
    "so don’t wait with dinner please",
    "avec les enfants et deux vélos",
    "and tell nobody about the surprise",
    "before the bakery near the bridge shuts",
)
CLOSINGS = (
    "love from both of us",
    "bis später dann",
    "à très bientôt",
    "see you under the clock",
    "call me when it rains",
    "thank you so much 👍",
)
OTHER_TEXTS = (
    "seventeen invoices remain unpaid this quarter",
    "le serveur redémarre chaque dimanche matin",
    "willkommen im neuen Kundenportal",
    "battery saver was switched on automatically",
    "new episodes every Friday evening",
    "your verification has expired, request another",
    "rate our delivery with up to five stars",
    "storage almost full, remove unused photos",
)
EVENTS = (
    "Dentist appointment",
    "Vorstellungsgespräch",
    "Divorce lawyer",
    "Réunion parents-profs",
    "Physiotherapy session",
    "Oncology check-up",
)
PLACES = (
    "Lindenstraße 14, 3rd floor",
    "room B 217 at Sankt Annen",
    "12 rue des Éperviers",
    "Hollow Lane surgery",
    "Kanzlei am Alten Markt",
)
OTHER_EVENTS = (
    "Stand-up meeting with vendors",
    "Oil change for the van",
    "Geburtstagsfeier im Büro",
    "Cours de poterie débutants",
)

CARRIERS = (
    "Vodafone",
    "Airtel",
    "Orange",
    "Telekom.de",
    "T-Mobile",
    "China Unicom",
    "Telefónica",
    "Jio 4G",
    "Telstra",
    "Swisscom",
)
OTHER_CARRIERS = (
    "Bouygues Telecom",
    "Etisalat",
    "Sunrise",
    "Optus",
    "Claro",
    "Vivo",
    "Elisa",
    "Tele2",
    "Kyivstar",
    "MegaFon",
)
SSID_STEMS = (
    "FRITZ!Box 7590 ",
    "Casa ",
    "Livebox-",
    "Wohnung ",
    "TP-LINK_",
    "Villa-",
    "HUAWEI-B525-",
    "Skynet ",
)
DEVICE_WORDS = (
    "Harbour",
    "Juniper",
    "Marigold",
    "Tundra",
    "Pepper",
    "Cobalt",
    "Saffron",
    "Walnut",
    "Comet",
    "Thistle",
)
APP_WORDS = (
    "fieldnotes",
    "prayertimes",
    "moodlog",
    "nightbus",
    "quitsmoking",
    "periodcal",
    "unionvote",
    "detox",
    "meetup",
    "glucose",
)

USER_AGENT_MODELS = (
    "SM-T580",
    "LM-Q720",
    "moto g(7)",
    "ONEPLUS A6013",
    "VOG-L29",
    "CPH2127",
    "M2007J20CG",
    "TA-1053",
    "H8324",
)
NOISE_TEXTS = (
    "screen_view",
    "app_open",
    "cold_start",
    "The quick brown fox jumps over the lazy dog",
    "Loading more results",
    "Accept & continue",
    "homepage > banner 3",
    "consent dialog shown",
    "Ein Fehler ist aufgetreten",
    "prefetch complete",
)
