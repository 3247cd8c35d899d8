"""What the simulated shop's people, products and letters are made of.

Fernhill Outfitters sells outdoor gear; Harbour & Pine is its second brand, for the home. All domains end in .example,
telephone numbers come from ranges kept for fiction.
"""

from __future__ import annotations

from random import Random

COMPANY = "Fernhill Outfitters"
BRANDS = ((1, "Fernhill Outfitters", "fernhill.example"), (2, "Harbour & Pine", "harbourpine.example"))
DEPARTMENTS = (
    # id, name, brand, deleted, internal
    (1, "Customer Care", 1, False, False),
    (2, "Wholesale", 1, False, False),
    (3, "Home & Living", 2, False, False),
    (4, "Back Office", 1, False, True),
    (5, "Catalogue Orders", 1, True, False),
)
GROUPS = (
    # department, group, name, deleted
    (1, 1, "Orders", False),
    (1, 2, "Returns", False),
    (1, 3, "Product Advice", False),
    (2, 4, "Trade Accounts", False),
    (2, 5, "Key Accounts", False),
    (3, 6, "Furniture", False),
    (3, 7, "Textiles", False),
    (4, 8, "Warehouse", False),
    (5, 9, "Mail Order", True),
)
AGENTS = (
    # name, mailbox, state, role, groups
    ("Margit Olsen", "margit.olsen", "active", "Manager", (1, 2, 3, 4, 5)),
    ("Daniel Achterberg", "daniel.achterberg", "active", "Agent", (1, 2)),
    ("Priya Raman", "priya.raman", "active", "Agent", (1, 3)),
    ("Tomasz Wilk", "tomasz.wilk", "active", "Agent", (2,)),
    ("Aoife Brennan", "aoife.brennan", "active", "Agent", (1, 2, 3)),
    ("Lucía Ferrer Ibáñez", "lucia.ferrer", "active", "Agent", (3, 6)),
    ("Samuel Okafor", "samuel.okafor", "active", "Agent", (4, 5)),
    ("Hanneke de Wit", "hanneke.dewit", "active", "Agent", (6, 7)),
    ("Björn Lindqvist", "bjorn.lindqvist", "active", "Agent", (8,)),
    ("Chloe Marchetti", "chloe.marchetti", "active", "Agent", (7,)),
    ("Rafael Nunes", "rafael.nunes", "active", "Administrator", (1, 4, 6, 8)),
    ("Yasmin Haddad", "yasmin.haddad", "active", "Agent", (2, 7)),
    ("Gregor Stahl", "gregor.stahl", "deleted", "Agent", (1, 9)),
    ("Nell Whitcombe", "nell.whitcombe", "deleted", "Agent", (2, 9)),
    ("Piet", "piet", "locked", "Agent", (4,)),
)
FIRST = ["Anna", "Ben", "Carla", "David", "Elena", "Femi", "Grace", "Hugo", "Ines", "Jonas", "Katja", "Liam", "Maya", "Nora", "Oskar", "Paula", "Quentin", "Rosa", "Stefan", "Tara", "Ugo", "Vera", "Willem", "Xenia", "Yusuf", "Zoe", "Amara", "Bruno", "Clara", "Dmitri", "Esther", "Farid", "Gwen", "Henrik", "Isla", "Jamal", "Kirsten", "Leo", "Mina", "Noah", "Olga", "Pedro", "Ruth", "Sven", "Thea", "Umar", "Viktor", "Wendy", "Yara", "Zeno"]  # fmt: skip
LAST = ["Adler", "Baker", "Castillo", "Dahl", "Evans", "Fischer", "Garnier", "Hoffmann", "Ito", "Jensen", "Kowalski", "Lambert", "Moreau", "Novak", "O'Brien", "Petersen", "Quist", "Rossi", "Sato", "Taylor", "Ullmann", "Vargas", "Weber", "Xu", "Young", "Zimmer", "Ashworth", "Bianchi", "Carver", "Duarte", "Egger", "Fontaine", "Greco", "Hartley", "Ivanova", "Janssen", "Keller", "Lund", "Marsh", "Nilsen", "Osei", "Pratt", "Rahman", "Schmidt", "Torres", "Voss", "Wagner"]  # fmt: skip
FREEMAIL = ("postbox.example", "mailhaus.example", "inbox-one.example", "courrier.example", "correo-uno.example")
ORGANIZATION_WORDS = ["Alpine", "Bergstrom", "Cedar", "Dunmore", "Elkhorn", "Foxglove", "Granite", "Highfield", "Ironwood", "Juniper", "Kestrel", "Larkspur", "Mossbank", "Northgate", "Oakley", "Pinecrest", "Quarry", "Rowan", "Stonebridge", "Thornbury"]  # fmt: skip
ORGANIZATION_KINDS = ("Sports", "Hotels", "Scouts", "Climbing Club", "Interiors", "Trading")
PRODUCTS = {
    # product to its traits, which say what stories can be told of it
    1: {
        "Ridgeline 45 L backpack": "zip seam colour trade", "Torrent shell jacket": "wear zip seam wash colour",
        "Cairn hiking boots": "wear seam colour", "Lumen 300 head torch": "power trade", "Basecamp 3 tent": "zip seam trade",
        "Merino 200 base layer": "wear seam wash colour", "Tarn stainless bottle": "colour trade",
        "Skyline trekking poles": "trade", "Drift down sleeping bag": "zip seam colour trade", "Pebble camp stove": "trade",
    },
    2: {
        "Linden oak side table": "furniture", "Wool throw": "seam colour wash", "Harbour linen duvet set": "zip seam colour wash",
        "Pine & salt candle": "trade", "Stoneware dinner set": "colour trade", "Rush storage basket": "colour",
        "Cove floor lamp": "furniture power", "Ash bread board": "trade",
    },
}  # fmt: skip
CARRIERS = ("Northline Parcel", "Swiftpost", "Hawk & Lane", "Meridian Freight")
COLOURS = ("moss", "slate", "rust", "navy", "sand", "charcoal")
SIZES = ("XS", "S", "M", "L", "XL")
SHOE_SIZES = ("EU 38", "EU 42", "EU 45", "UK 9")

CHATS = (
    # the question, then agent and customer in turn
    ("Hi, is the {product} available for pick-up today?",
     ("Hello {first}! Let me look ... yes, two in {colour}. Shall I put one aside until six?", "yes please",
      "Done, your number is {ref}. See you later!")),
    ("hello, my discount code doesnt work at checkout",
     ("Hi {first}, which code is it, and what is in your basket?", "{ref}, and the {product}",
      "The {product} is in the sale already, and codes only work on full prices. Sorry!", "ok thats a pity", )),
    ("Quick question about order {order}: can I still add a {product}?",
     ("Hello, it has not been packed yet, so yes. In which colour?", "{colour} if you have it",
      "Added. You will get a new confirmation in a minute.", "great, thanks")),
    ("Do you ship to the Faroe Islands?",
     ("We do, with {carrier}; it takes about eight days and costs {amount}.", "Perfect, thanks!")),
    ("my tracking says delivered but there is nothing here",
     ("I am sorry! Could you tell me the order number?", "{order}",
      "Thank you. I have asked {carrier} and will write to you by e-mail as soon as I know more.")),
)  # fmt: skip
CALLS = (
    ("Order {order}: when will it come?", "Told the customer that {carrier} delivers on Thursday. Satisfied."),
    ("Wants advice on the {product}", "Explained the sizes; will order {size} in {colour} online."),
    ("Complaint about a delivery", "Box was wet. Customer sends photographs by e-mail, then we replace it."),
    ("Invoice {order}", "Asked for a copy by e-mail. Sent."),
    ("Call back: {product}", "Nobody answered. Left a message."),
)
CANNED = (
    # category, subject, body, language
    (1, "Trace opened", "<p>Dear #CustomerName#,</p><p>we have opened a trace for ticket #TicketNumber#.</p>", 1),
    (2, "How to return", "<p>You have 60 days. The label is in your account.</p>", 1),
    (3, "Anything else?", "Is there anything else that we can do for you?", 1),
    (2, "Rücksendung", "<p>Guten Tag #CustomerName#, das Etikett finden Sie in Ihrem Konto.</p>", 2),
    (3, "My own farewell", "<p>All the best from the hills, #AgentName#</p>", 1),
    (1, "Strike at the carrier", "<p>Draft: please check the dates before use.</p>", 1),
    (1, "Christmas 2023", "<p>Order by 18 December.</p>", 1),
    (2, "How to return", "<p>In our shops, too: show number %TICKETNUMBER% and your code #CouponCode#.</p>", 1),
    (3, "One moment", "One moment please, #Customer_First_Name#, I am looking it up.", 1),
    (1, "Size chart", '<p>Here it is:</p><p><img src="/App_Data/Files/size-chart.png"></p>', 1),
    (2, "Nothing to say", " ", 1),
)
DISPOSITIONS = ("Resolved on the phone", "Call back", "Voicemail", "Wrong number", "Order placed")
ARTICLES = (
    (
        "Where is my order?",
        "Track a parcel with the number in your dispatch mail. Parcels leave our warehouse within a day.",
    ),
    ("How to return an item", "You have 60 days. Print the label from your account, and hand the parcel in anywhere."),
    (
        "Washing waterproof jackets",
        "30 degrees, mild detergent, no softener. Tumble dry for 20 minutes to revive the coating.",
    ),
    ("Size guide for boots", "Measure in the evening, with the socks you will wear. Add 8 mm at the toe."),
    (
        "Warranty and repair",
        "Seams, zips and poles are covered for three years. Our workshop repairs what can be repaired.",
    ),
    ("Trade accounts", "Schools, clubs and shops order on account from 10 pieces on. Discounts begin at 20 pieces."),
    ("Caring for oak furniture", "Oil it twice a year. Wipe up water at once, and keep it out of direct sunlight."),
    ("Paying by invoice", "Invoices are due within 30 days. Your VAT number belongs into your account."),
    ("Gift vouchers", "Vouchers are valid for three years and work on full-price items."),
    (
        "Setting up the Basecamp 3 tent",
        "Poles first, then the corners, then the fly sheet. Two people need six minutes.",
    ),
)
TRANSLATIONS = {
    # language to article (by its place above) to subject and body
    2: {
        0: ("Wo ist meine Bestellung?", "Verfolgen Sie Ihr Paket mit der Nummer aus der Versandmail. Pakete verlassen unser Lager innerhalb eines Tages."),
        1: ("Einen Artikel zurücksenden", "Sie haben 60 Tage Zeit. Drucken Sie das Etikett aus Ihrem Konto, und geben Sie das Paket irgendwo ab."),
        3: ("Größentabelle für Stiefel", "Messen Sie abends, mit den Socken, die Sie tragen werden. Geben Sie an der Spitze 8 mm zu."),
        4: ("Garantie und Reparatur", "Nähte, Reißverschlüsse und Stöcke haben drei Jahre Garantie. Unsere Werkstatt repariert, was sich reparieren lässt."),
    },
    3: {
        0: ("Où est ma commande ?", "Suivez votre colis avec le numéro reçu à l’expédition. Les colis quittent notre entrepôt sous un jour."),
        1: ("Retourner un article", "Vous avez 60 jours. Imprimez l’étiquette depuis votre compte et déposez le colis où vous voulez."),
        8: ("Bons cadeaux", "Les bons sont valables trois ans, sur les articles non soldés."),
    },
}  # fmt: skip
THREADS = (
    # subject, category (this simulation's codes: 1 idea, 2 problem, 3 question), posts; the second is from the shop
    ("Could the Ridgeline get a hip-belt pocket?", 1,
     ("For a phone or two bars. Anybody else missing that?", "Passed on to the designers, they like it.", "Yes please!")),
    ("Tent poles bend in wind", 2,
     ("Third night out, and two poles of my Basecamp 3 are bent.", "That is covered. Please open a ticket with a photo.",
      "Done, new poles came within four days.")),
    ("Any news on the recycled down?", 3, ("You announced it for spring.", "It comes with the autumn range.")),
    ("Show your summit picture", 1, ("I'll begin: Ben Nevis in fog.", "Beautiful! In a way.", "Triglav, last Sunday.")),
    ("Colour of the moss throw differs from the photo", 2, ("Mine is more grey than green.",)),
    ("Repair evening in the shop?", 1, ("Other shops do that.", "First Thursday of the month, from October on.")),
    ("Boots: wide fit please", 1, ("The Cairn is great but narrow.", "Noted, thank you.", "Same for me.", "+1")),
    ("New carrier in Portugal is slow", 2, ("Two weeks now.", "We are in talks with them.")),
    ("Stoneware in the dishwasher?", 3, ("The label says nothing.", "Yes, up to 60 degrees.", "Thanks!")),
    ("Head torch flickers", 2, ("Since the last update of nothing at all.", "Please tell us the batch number.")),
)  # fmt: skip
NEWS = (
    "Summer opening hours", "Recall: Pebble camp stove, batch 2114", "Free repairs in October", "New warehouse in Leith",
    "Our carbon report", "Holiday shipping dates", "Harbour & Pine opens in Porto",
)  # fmt: skip
EVENTS = (
    # name, group, key, conditions, actions, repeating
    ("New ticket: notify duty manager", "Tickets", "TicketNew", (("Priority", "Equals", "Urgent"),),
     (("SendEmail", (("To", "duty@fernhill.example"), ("Subject", "Urgent: #TicketNumber#"))),), False),
    ("First answer overdue after 4 h", "Tickets", "TicketIdle", (("IdleMinutes", "GreaterThan", "240"), ("Status", "Equals", "Active")),
     (("SetPriority", (("Priority", "High"),)), ("SendEmail", (("To", "duty@fernhill.example"),))), True),
    ("Waiting for a week: remind", "Tickets", "TicketIdle", (("IdleMinutes", "GreaterThan", "10080"), ("Status", "Equals", "Waiting")),
     (("SendEmail", (("To", "#CustomerEmail#"), ("Template", "Reminder"))),), True),
    ("Wholesale goes to Samuel", "Tickets", "TicketNew", (("Department", "Equals", "Wholesale"),),
     (("AssignTo", (("Agent", "samuel.okafor"),)),), False),
    ("Bad rating: tell Margit", "Survey", "SurveyAnswered", (("Rating", "LessThan", "3"),),
     (("SendEmail", (("To", "margit.olsen@fernhill.example"),)),), False),
    ("Chat missed", "Chats", "ChatMissed", (), (("CreateTicket", (("Group", "Product Advice"),)),), False),
    ("Draft article older than a month", "KB", "KbStale", (("AgeDays", "GreaterThan", "30"),), (("CreateTask", ()),), True),
)  # fmt: skip
AUTO_RESPONDERS = (
    (1, "We have your request", "We have your request #TicketNumber#"),
    (2, "Harbour & Pine: thank you", "Thank you for writing to Harbour & Pine"),
)
DEPARTMENT_SETTINGS = (
    # department, setting, value
    (1, "InitialResponseTargetMinutes", "240"),
    (1, "TicketIdleAlertMinutes", "480"),
    (1, "SignatureIncluded", "True"),
    (3, "InitialResponseTargetMinutes", "480"),
)


def products_with(brand: int, trait: str) -> list[str]:
    """Return the brand's products that have a trait; all of them for no trait."""
    return [product for product, traits in PRODUCTS[brand].items() if not trait or trait in traits.split()]


def blanks(rng: Random, brand: int, name: str, trait: str = "") -> dict[str, str]:
    """Return what fills the blanks of one conversation's texts, so that they speak of one product and order."""
    colour, colour2 = rng.sample(COLOURS, 2)
    product = rng.choice(products_with(brand, trait))
    return {
        "product": product,
        "order": f"{'FO' if brand == 1 else 'HP'}-{rng.randint(100000, 999999)}",
        "order2": f"{'FO' if brand == 1 else 'HP'}-{rng.randint(100000, 999999)}",
        "carrier": rng.choice(CARRIERS),
        "colour": colour,
        "colour2": colour2,
        "size": rng.choice(SHOE_SIZES if "boots" in product else SIZES),
        "amount": f"€{rng.randint(9, 79)}.{rng.choice(('00', '50', '90'))}",
        "ref": f"{rng.choice('ABCDEFGH')}{rng.randint(1000, 9999)}",
        "letter": rng.choice("ABCDEFGH"),
        "date": f"{rng.randint(1, 28)} {rng.choice(('March', 'May', 'June', 'October'))}",
        "month": rng.choice(("February", "April", "July", "November")),
        "name": name,
        "first": name.split()[0] if name else "",
    }
