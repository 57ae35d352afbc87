/* SPDX-License-Identifier: Apache-2.0 */
#include "sample/words.h"

const struct sample_name sample_first_names[SAMPLE_FIRST_NAMES] = {
    {"Anna", "anna"},       {"Ben", "ben"},        {"Clara", "clara"},   {"David", "david"},
    {"Élodie", "elodie"},   {"Felix", "felix"},    {"Grace", "grace"},   {"Henrik", "henrik"},
    {"Inés", "ines"},       {"Jakub", "jakub"},    {"Karin", "karin"},   {"Łukasz", "lukasz"},
    {"Maria", "maria"},     {"Noah", "noah"},      {"Olivia", "olivia"}, {"Pablo", "pablo"},
    {"Quentin", "quentin"}, {"Rosa", "rosa"},      {"Søren", "soren"},   {"Tara", "tara"},
    {"Ugo", "ugo"},         {"Vera", "vera"},      {"William", "will"},  {"Zoë", "zoe"},
    {"Aoife", "aoife"},     {"Bram", "bram"},      {"Chiara", "chiara"}, {"Daan", "daan"},
    {"Emma", "emma"},       {"François", "franc"}, {"Giulia", "giulia"}, {"Hugo", "hugo"},
    {"Iris", "iris"},       {"Jürgen", "juergen"}, {"Kasia", "kasia"},   {"Liam", "liam"},
    {"Mila", "mila"},       {"Niamh", "niamh"},    {"Oscar", "oscar"},   {"Paula", "paula"},
};

const struct sample_name sample_last_names[SAMPLE_LAST_NAMES] = {
    {"Smith", "smith"},       {"Müller", "mueller"},      {"Martin", "martin"},
    {"de Vries", "devries"},  {"Nowak", "nowak"},         {"García", "garcia"},
    {"Rossi", "rossi"},       {"O'Brien", "obrien"},      {"Jones", "jones"},
    {"Schmidt", "schmidt"},   {"Bernard", "bernard"},     {"Jansen", "jansen"},
    {"Kowalski", "kowalski"}, {"Fernández", "fernandez"}, {"Russo", "russo"},
    {"Murphy", "murphy"},     {"Taylor", "taylor"},       {"Schneider", "schneider"},
    {"Dubois", "dubois"},     {"Bakker", "bakker"},       {"Wiśniewski", "wisniewski"},
    {"López", "lopez"},       {"Ferrari", "ferrari"},     {"Kelly", "kelly"},
    {"Brown", "brown"},       {"Fischer", "fischer"},     {"Thomas", "thomas"},
    {"Visser", "visser"},     {"Wójcik", "wojcik"},       {"Martínez", "martinez"},
    {"Esposito", "esposito"}, {"Walsh", "walsh"},         {"Wilson", "wilson"},
    {"Weber", "weber"},       {"Robert", "robert"},       {"Smit", "smit"},
    {"Kamiński", "kaminski"}, {"Sánchez", "sanchez"},     {"Bianchi", "bianchi"},
    {"Byrne", "byrne"},       {"Evans", "evans"},         {"Wagner", "wagner"},
    {"Richard", "richard"},   {"Meijer", "meijer"},       {"Lewandowska", "lewandowska"},
    {"Pérez", "perez"},       {"Romano", "romano"},       {"Ryan", "ryan"},
};

const struct sample_city sample_cities[SAMPLE_CITIES] = {
    {"London", "England", "United Kingdom", "+44 20 7946"},
    {"Berlin", "Berlin", "Germany", "+49 30 23125"},
    {"Paris", "Île-de-France", "France", "+33 1 99 00"},
    {"Amsterdam", "Noord-Holland", "Netherlands", "+31 20 555"},
    {"Warszawa", "Mazowieckie", "Poland", "+48 22 555"},
    {"Madrid", "Comunidad de Madrid", "Spain", "+34 910 555"},
    {"Milano", "Lombardia", "Italy", "+39 02 5550"},
    {"Dublin", "Leinster", "Ireland", "+353 1 555"},
    {"Manchester", "England", "United Kingdom", "+44 161 496"},
    {"Köln", "Nordrhein-Westfalen", "Germany", "+49 221 47110"},
    {"Lyon", "Auvergne-Rhône-Alpes", "France", "+33 4 65 71"},
    {"Rotterdam", "Zuid-Holland", "Netherlands", "+31 10 555"},
    {"Kraków", "Małopolskie", "Poland", "+48 12 555"},
    {"Málaga", "Andalucía", "Spain", "+34 952 555"},
    {"Torino", "Piemonte", "Italy", "+39 011 5550"},
    {"Cork", "Munster", "Ireland", "+353 21 555"},
    {"Edinburgh", "Scotland", "United Kingdom", "+44 131 496"},
    {"München", "Bayern", "Germany", "+49 89 99998"},
    {"Orléans", "Centre-Val de Loire", "France", "+33 2 61 91"},
    {"Utrecht", "Utrecht", "Netherlands", "+31 30 555"},
    {"Gdańsk", "Pomorskie", "Poland", "+48 58 555"},
    {"Valencia", "Comunitat Valenciana", "Spain", "+34 960 555"},
    {"Bologna", "Emilia-Romagna", "Italy", "+39 051 5550"},
    {"Galway", "Connacht", "Ireland", "+353 91 555"},
};

const char *const sample_streets[SAMPLE_STREETS] = {
    "Mill Lane",    "Station Road",  "High Street",    "Church Walk",  "Garden Row",
    "Harbour View", "King's Parade", "Market Square",  "Oak Avenue",   "Park Terrace",
    "Quay Street",  "Rose Hill",     "School Lane",    "Tower Bridge", "Union Street",
    "Victoria Way", "Water Lane",    "York Place",     "Elm Grove",    "Castle Street",
    "Bridge Road",  "Abbey Close",   "Orchard Street", "Granary Row",
};

const char *const sample_styles[SAMPLE_STYLES] = {
    "Classic", "Compact", "Deluxe", "Eco",   "Family", "Fine", "Light",  "Modern",
    "Nordic",  "Premium", "Pro",    "Rapid", "Smart",  "Soft", "Studio", "Travel",
};

#define EVEN                                                       \
    {                                                              \
        100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100 \
    }
#define GIFTS                                           \
    {                                                   \
        55, 60, 60, 60, 60, 60, 60, 60, 60, 70, 90, 100 \
    }
#define SUMMER                                            \
    {                                                     \
        45, 50, 70, 90, 100, 100, 100, 95, 75, 60, 50, 50 \
    }
#define WINTER                                           \
    {                                                    \
        100, 95, 85, 70, 60, 55, 55, 60, 75, 85, 95, 100 \
    }

const struct sample_category sample_categories[SAMPLE_CATEGORIES] = {
    {"Electronics",
     {"Voltara", "Kinetik", "Lumen & Co", "Oriel", "Pixelhaus"},
     {{"Audio", {"Headphones", "Speaker", "Radio", "Earbuds"}, 1900, 34900},
      {"Computing", {"Laptop 15.6\"", "Monitor 27\"", "Tablet 10\"", "Keyboard"}, 2900, 149900},
      {"Photo", {"Camera", "Tripod", "Photo printer", "Lens"}, 2500, 89900},
      {"Accessories", {"Charger", "USB cable, 2 m", "Power bank", "Phone case"}, 500, 5900}},
     GIFTS},
    {"Home",
     {"Nordhem", "Casa Lina", "Thornbury", "Maison Ode", "Hearth"},
     {{"Lighting", {"Desk lamp", "Floor lamp", "Candle holder", "Light chain"}, 900, 17900},
      {"Textiles", {"Cushion", "Blanket", "Curtain", "Bath towel"}, 700, 8900},
      {"Furniture", {"Side table", "Bookcase", "Armchair", "Stool"}, 3900, 59900},
      {"Decoration", {"Vase", "Picture frame", "Mirror", "Wall clock"}, 600, 9900}},
     EVEN},
    {"Kitchen",
     {"Pott & Pan", "Crémaillère", "Stål", "Bramble", "Tavola"},
     {{"Cookware", {"Frying pan", "Crêpe pan", "Stock pot", "Wok"}, 1500, 14900},
      {"Appliances", {"Kettle", "Toaster", "Blender", "Espresso machine"}, 2500, 44900},
      {"Cutlery", {"Knife set, 5 pieces", "Bread knife", "Peeler", "Spoon set"}, 400, 12900},
      {"Storage", {"Glass jar", "Bread bin", "Spice rack", "Lunch box"}, 500, 4900}},
     GIFTS},
    {"Clothing",
     {"Wool & Weft", "Brava", "Lindqvist", "Atelier Neuf", "Field Day"},
     {{"Women", {"Jumper", "Dress", "Blouse", "Trousers"}, 1900, 15900},
      {"Men", {"Shirt", "Jumper", "Jacket", "Jeans"}, 1900, 18900},
      {"Children", {"T-shirt", "Raincoat", "Pyjamas", "Dungarees"}, 900, 5900},
      {"Outerwear", {"Coat", "Scarf", "Gloves", "Hat"}, 900, 29900}},
     WINTER},
    {"Sports",
     {"Altitude", "Corsa", "Tidal", "Fjell", "Rally"},
     {{"Fitness", {"Yoga mat", "Dumbbell", "Skipping rope", "Foam roller"}, 800, 8900},
      {"Cycling", {"Helmet", "Bike light", "Pump", "Pannier"}, 900, 12900},
      {"Outdoor", {"Tent", "Sleeping bag", "Rucksack", "Camping stove"}, 1900, 34900},
      {"Water", {"Goggles", "Wetsuit", "Snorkel", "Dry bag"}, 900, 17900}},
     SUMMER},
    {"Garden",
     {"Greenhand", "Verdier", "Spade & Co", "Solana", "Meadow"},
     {{"Tools", {"Secateurs", "Spade", "Rake", "Watering can"}, 700, 6900},
      {"Furniture", {"Bench", "Parasol", "Lounger", "Folding chair"}, 2900, 39900},
      {"Plants", {"Herb set", "Rose", "Olive tree", "Bulb mix"}, 300, 7900},
      {"Barbecue", {"Grill", "Charcoal, 10 kg", "Tongs", "Fire bowl"}, 900, 29900}},
     SUMMER},
    {"Toys",
     {"Kobold", "Tiny Harbour", "Blokk", "Papillon", "Merry"},
     {{"Building", {"Brick set", "Marble run", "Train set", "Crane"}, 1200, 12900},
      {"Games", {"Board game", "Card game", "Puzzle, 1000 pieces", "Dice set"}, 600, 5900},
      {"Dolls", {"Doll", "Doll's house", "Puppet", "Teddy bear"}, 900, 14900},
      {"Craft", {"Paint box", "Bead kit", "Modelling clay", "Origami set"}, 400, 3900}},
     {30, 30, 35, 40, 40, 45, 45, 40, 40, 55, 85, 100}},
    {"Food",
     {"Alba", "Old Mill", "Fattoria", "Queen's Pantry", "Sol y Mar"},
     {{"Pantry", {"Olive oil", "Pasta", "Rice, 1 kg", "Honey"}, 149, 2490},
      {"Sweets", {"Chocolate", "Biscuits", "Marzipan", "Toffee"}, 99, 1990},
      {"Drinks", {"Coffee", "Green tea", "Apple juice", "Lemonade"}, 129, 1890},
      {"Bakery", {"Flour", "Oat bar", "Crispbread", "Granola"}, 99, 990}},
     EVEN},
};
