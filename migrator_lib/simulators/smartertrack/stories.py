"""What customers and agents of the simulated shop write to each other: prose, and nothing else.

A story is a dialogue: its turns alternate between customer and agent, and every variant of a turn follows on every
variant of the one before. Words in square brackets at the beginning of a turn name the files that come with it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """A dialogue about one topic, told of products that have ``trait``."""

    topic: str
    subjects: tuple[str, ...]
    turns: tuple[tuple[str, ...], ...]
    trait: str = ""
    pauses: tuple[int, ...] = ()
    """Turns before which some days pass: a parcel travels, a workshop works."""

    @property
    def plain(self) -> bool:
        """Whether no turn comes with a file."""
        return not any(text.startswith("[") for turn in self.turns for text in turn)


STORIES = (
    Story(
        "Delivery",
        ("Where is my order {order}?", "Order {order} still not delivered", "Parcel stuck with {carrier}"),
        (
            ('I ordered the {product} on {date} (order {order}), and the tracking page has said "in transit" for six days now. {carrier} tells me to ask the sender. Could you find out where it is?',
             "The {product} from order {order} was supposed to be a birthday present for Saturday, and it still has not left the depot of {carrier}. Is there any chance that it gets here in time?"),
            ("I am sorry for the wait. I have opened a trace with {carrier} under reference {ref}; they usually answer within one working day, and I will write to you as soon as they do.",
             "Sorry about that. {carrier} has a backlog at its depot, so I have asked them to look for your parcel by hand (reference {ref}). You will hear from me tomorrow at the latest."),
            ("Thank you. Nothing has moved since then, by the way: the page now shows an error instead of a date.",
             "Any news on this? I would rather have the money back than wait another week."),
            ("{carrier} has found the parcel: the label had come off. It has a new one now and should be with you tomorrow before noon. If it is not, just answer to this mail and we send a second {product} straight away.",
             "{carrier} could not find it, so I have sent a second {product} today, by express and of course free of charge. Should the first one turn up after all, please refuse it."),
            ("It came this morning, the box a bit dented but the {product} is fine. Thank you!",
             "Arrived! Thanks for staying on it."),
        ),
        pauses=(2, 4),
    ),
    Story(
        "Delivery",
        ("Delivered but not here: {order}", "Parcel {order} missing"),
        (
            ("My parcel {order} was marked as delivered yesterday but nothing has arrived. I was home all day, and the neighbours don't have it either.",
             "According to {carrier} I signed for order {order} on {date}. I did not, and there is no parcel. What happens now?"),
            ("That should not happen. Please give me until tomorrow: I have asked {carrier} for the driver's photograph and the place where the parcel was scanned.",
             "Thank you for telling us at once. {carrier} is asking the driver; meanwhile could you look whether there is a card, or a parcel shop named in the tracking?"),
            ("No card, and the tracking only says \"left in a safe place\". We don't have one.",
             "[photo] I found a card after all, in the neighbour's hedge (picture attached). It says the parcel is in a shop 20 km from here. Can you have it sent to my office instead?"),
            ("I have arranged a second delivery with {carrier}. They will ring this time, and will not leave it without a signature.",),
            ("Got it today, thank you. The driver even apologised.", "It's here. Thanks!"),
        ),
        pauses=(4,),
    ),
    Story(
        "Delivery",
        ("Delivery {order} - wrong house number", "Change of address for {order}"),
        (
            ("Could you please change the delivery address of order {order}? I moved last week and the shop still had the old one. The new number is 14, not 41.",
             "I made a typing error in the address of order {order}: it should be number 14, not 41. Can it still be changed?"),
            ("It had not left the warehouse yet, so I have changed it. The label now says number 14.",
             "I have corrected the address with {carrier}. The driver will try again on the next working day."),
            ("Perfect, that was quick. Thanks!", "Thank you. Could you put the new address into my account as well?"),
        ),
    ),
    Story(
        "Return",
        ("Exchange for size {size}", "Return of {product}", "{product}: wrong size"),
        (
            ("The {product} is lovely but too small. Can I exchange it for {size} in {colour}? It has not been worn. Order {order}.",
             "I must have misread the size guide: the {product} from order {order} does not fit. Do you have it in {size}, preferably in {colour}?"),
            ("[label] Of course. The return label is attached; once the warehouse has scanned the parcel, {size} in {colour} goes out on the same day.",
             "Yes, {size} in {colour} is in stock and I have put one aside for you. The return label is in your account; please send the other one back whenever it suits you within 60 days."),
            ("The label won't open on my phone, could you send it as a picture?",
             "Label printed, parcel handed in today. How long does it usually take?"),
            ("[picture] Here is the code as a picture, too; the shop can scan it from the screen. The exchange takes about four days from the moment you hand the parcel in.",),
            ("The new one fits perfectly. Thank you!", "All done, thanks for the quick help."),
        ),
        "wear",
        pauses=(4,),
    ),
    Story(
        "Return",
        ("Refund for order {order}?", "Still no refund: {order}"),
        (
            ("I sent the {product} back three weeks ago (order {order}), and the refund has not reached my account yet.",
             "When can I expect the refund for order {order}? The tracking says that the {product} reached your warehouse on {date}."),
            ("I have found your return. The refund of {amount} was released today, and your bank may need two or three working days.",
             "Sorry, your parcel was waiting for its inspection. It is done now: {amount} go back to the card that you paid with, by Thursday at the latest."),
            ("The refund has arrived. Thanks.", "Thank you. I will write again if it is not there by Friday."),
        ),
        pauses=(2,),
    ),
    Story(
        "Return",
        ("Wrong item in parcel", "Wrong colour: {order}"),
        (
            ("You sent me the {product} in {colour}, but I had ordered {colour2}. The rest of order {order} was right. How do we sort this out?",
             "[photo] The {product} in order {order} came in {colour} instead of {colour2} (see picture). I would like the one I ordered, please."),
            ("[label] That was our mistake, sorry! Keep the one in {colour} at half price if you like it, or use the attached label to send it back. The one in {colour2} leaves today either way.",
             "Sorry, somebody reached into the wrong shelf. The right one is packed; our driver takes the other one back at the door, so you need not do anything."),
            ("That is fair, thank you.", "Good, thank you. When will the right one be here?"),
            ("It left our warehouse this afternoon, so the day after tomorrow. Enjoy it!",),
        ),
        "colour",
    ),
    Story(
        "Warranty",
        ("{product}: zip broken after two months", "Warranty claim {product}", "Zip of {product}"),
        (
            ("[photo photo] The zip of my {product} came apart on its second trip, I attach two photographs. Order {order}, bought in {month}. Is this covered?",
             "Since last weekend the zip of my {product} opens behind the slider. I bought it in {month} under order {order}. Can it be repaired?"),
            ("That should not happen, and it is covered. A replacement is on its way under order {order2}. You need not send the old one back.",
             "[form] Our workshop can repair that. Please send it to the address on the form, and note {ref} on the parcel. It takes about ten days."),
            ("Great service, thank you! Does that change anything about the warranty?", "Thanks. One question: does the warranty begin anew with that?"),
            ("The warranty stays as it is: three years from the day you bought it.",),
        ),
        "zip",
    ),
    Story(
        "Warranty",
        ("{product} does not switch on", "Broken: {product}"),
        (
            ("After eight weeks the {product} does not switch on any more. I have tried everything in the manual. I would like a repair or a replacement. Order {order}.",
             "My {product} (order {order}) flickers for a minute and then goes dark. That cannot be right after a few weeks."),
            ("I am sorry. Before we exchange it: does the small light beside the switch come on when you hold it down for ten seconds?",
             "Thank you for the description; that sounds like the contact in the switch. Could you send a short note of the number on the underside? It begins with {letter}."),
            ("No light at all. The number on the underside is {ref}.", "[photo] The number is {ref}, see the picture. Holding it down does nothing."),
            ("Then it is the known fault of that batch. A new one leaves today under order {order2}; please put the broken one into the same box, the label is inside.",),
            ("The new one works. Many thanks!", "The replacement has the same fault, unfortunately. What now?"),
            ("I am glad that we could settle it - and if anything is left open, I will take care of it myself: just answer here.",),
        ),
        "power",
        pauses=(4,),
    ),
    Story(
        "Warranty",
        ("Seam torn on {product}", "{product} coming apart"),
        (
            ("[photo] A seam of my {product} has opened, about three centimetres. It has had a week of normal use. Order {order}.",
             "The seam of the {product} is coming apart, see order {order} from {month}. Do you repair this?"),
            ("[form] We do, and free of charge. Please print the form, put it into the parcel, and note {ref} on the outside.",
             "Three years on all seams, so yes. Shall we repair it, or would you rather have a voucher over {amount}?"),
            ("Repair, please. The parcel is on its way.", "Parcel handed in today. It has been on too many tours with me to give it up."),
            ("It arrived here today. The workshop will need about a week.",),
            ("Back home and as good as new. Thank you!",),
        ),
        "seam",
        pauses=(3, 4),
    ),
    Story(
        "Advice",
        ("Which size in {product}?", "Question about {product}"),
        (
            ("I am between {size} and one size up. Does the {product} run small?",
             "What size would you suggest in the {product}? I usually wear {size}."),
            ("It runs true to size. Returns are free within 60 days, so do order both and keep the one that fits.",
             "[leaflet] I would take the larger one. The leaflet shows where to measure."),
            ("Good to know, thank you.", "Thanks, that helps."),
        ),
        "wear",
    ),
    Story(
        "Advice",
        ("Washing the {product}", "Care of {product}"),
        (
            ("Can the {product} go in the washing machine, and if so with what? The label has come off mine.",
             "How do I get a coffee stain out of the {product}? The label only shows symbols I can't make out."),
            ("[leaflet] Wash it at 30 degrees, mild detergent, no softener. The leaflet is attached.",
             "At 30 degrees with a mild detergent, and please no softener; for a stain, leave it in lukewarm water first."),
            ("Worked like a charm, thanks! And the dryer?", "Thank you. And the dryer?"),
            ("Twenty minutes on low are fine.",),
        ),
        "wash",
        pauses=(2,),
    ),
    Story(
        "Advice",
        ("Is the {product} available in {colour}?", "{product} in {colour}", "When is the {product} back?"),
        (
            ("Do you still have the {product} in {colour}? The site says sold out, but I have seen one in the shop in town.",
             "I am looking for the {product} in {colour}. Will it come back this season?"),
            ("It comes back in about three weeks. Shall I put one aside for you?",
             "There are two left in the outlet, so not on the site. I can put one into a basket for you, at {amount}."),
            ("Yes please!", "That would be great. Can I pay by invoice?"),
            ("Done: your reservation is {ref}. You will get a mail as soon as it can be ordered; pay as you like, also by invoice.",),
            ("Ordered. Thank you very much.",),
        ),
        "colour",
        pauses=(4,),
    ),
    Story(
        "Advice",
        ("Delivery of the {product}", "{product}: up the stairs?"),
        (
            ("We would like to order the {product}, but live on the fourth floor without a lift. Does {carrier} carry it up?",),
            ("Up to the door of your flat, yes; please choose \"two-person delivery\" at check-out. It costs nothing from {amount} on.",),
            ("Wonderful, then we will order today.", "Good to hear. My back thanks you as well."),
        ),
        "furniture",
    ),
    Story(
        "Invoice",
        ("Invoice for {order}", "VAT number missing on invoice"),
        (
            ("For our books we need the invoice of order {order} with our VAT number on it. The portal only shows a receipt.",
             "The invoice of order {order} lacks our VAT number, and so our accounts department will not pay it. Could you send a new one?"),
            ("[invoice] The corrected invoice is attached. I have put the VAT number into your account, so it will be right from now on.",),
            ("Received, thank you. One more thing: the company name should read GmbH, not Ltd.",
             "Thanks, but our street has changed as well: it is Quay Road 5 now."),
            ("[invoice] Changed, please see the new version.",),
        ),
    ),
    Story(
        "Invoice",
        ("Trade account: payment terms", "24 x {product}"),
        (
            ("We would like to order 24 of the {product} for a school trip. Is there a trade discount, and can we pay within 30 days?",
             "[list] Please find our order list attached, mainly the {product}. What discount can you offer from 20 pieces on?"),
            ("[quote] From 20 pieces on it is 12 %, and 30 days are fine once the form is signed. The quote is attached.",),
            ("[form] The signed form is attached. Please go ahead.", "Could you do 15 %? We had that last year."),
            ("Agreed. It leaves with {carrier} on Tuesday, on two pallets.",),
            ("The pallets are here and complete. Until next year!",),
        ),
        "trade",
        pauses=(4,),
    ),
    Story(
        "Invoice",
        ("Voucher {ref} not accepted", "Voucher code"),
        (
            ("The voucher {ref} is refused at check-out although it is valid until December. What am I doing wrong?",
             "I got voucher {ref} for my birthday, and your shop says that it does not exist."),
            ("It only works on full-price items, and what you have chosen ({product}) is in the sale. I have given you {amount} off by hand instead, please look into your basket.",),
            ("Works now!", "Ah, I see. Thank you for the discount!"),
        ),
    ),
)  # fmt: skip

FOREIGN = {
    "de": (
        Story(
            "Return",
            ("Lieferung {order} unvollständig", "Reklamation {product}"),
            (
                ("in meiner Lieferung {order} fehlte leider das Teil „{product}“. Bitte schicken Sie es nach oder erstatten Sie mir den Betrag von {amount}.",),
                ("das tut mir leid. Das fehlende Teil geht heute noch mit {carrier} an Sie heraus; die Sendungsnummer ist {ref}.",),
                ("Paket ist angekommen, vielen Dank für die schnelle Hilfe!",),
            ),
            pauses=(2,),
        ),
        Story(
            "Advice",
            ("Frage zu {product}", "Größenberatung"),
            (
                ("fällt das Modell „{product}“ eher klein aus? Ich trage sonst {size}. Vielen Dank für eine kurze Rückmeldung!",),
                ("[leaflet] es fällt normal aus. Im Anhang finden Sie ein Blatt zum Nachmessen; die Rücksendung ist 60 Tage lang kostenlos.",),
                ("Danke, dann bestelle ich {size}. Schöne Grüße aus Münster!",),
            ),
            "wear",
            pauses=(2,),
        ),
    ),
    "fr": (
        Story(
            "Return",
            ("Commande {order}", "Échange {product}"),
            (
                ("Je souhaite échanger l’article « {product} » de la commande {order} : il n’est pas de la couleur que j’avais choisie. L’étiquette est encore en place.",),
                ("[label] Merci pour votre message. L’étiquette de retour est jointe ; le nouvel article partira dès que votre colis aura été enregistré.",),
                ("Bien reçu, merci pour votre réactivité !",),
            ),
            pauses=(2,),
        ),
    ),
    "es": (
        Story(
            "Warranty",
            ("Devolución {product}", "Pedido {order}"),
            (
                ("[photo] El artículo «{product}» del pedido {order} llegó con la cremallera rota; adjunto una foto. ¿Cómo puedo tramitar la devolución?",),
                ("[label] Lamento lo ocurrido. Le adjunto la etiqueta de devolución; en cuanto el paquete esté en el almacén le enviaremos otro.",),
                ("Ya ha llegado el nuevo y funciona perfectamente. ¡Gracias!",),
            ),
            "zip",
            pauses=(2,),
        ),
    ),
    "ar": (
        Story(
            "Delivery",
            ("استفسار عن الطلب {order}",),
            (
                ("لم يصلني الطلب رقم {order} حتى الآن. هل يمكنكم التحقق من ذلك؟",),
                ("نعتذر عن التأخير. الطرد لدى شركة الشحن {carrier} ورقم التتبع هو {ref}، ومن المتوقع أن يصل غداً.",),
                ("وصل الطرد اليوم، شكراً جزيلاً.",),
            ),
            pauses=(2,),
        ),
    ),
    "he": (
        Story(
            "Return",
            ("הזמנה {order}",),
            (
                ("ההזמנה {order} הגיעה ללא {product}. אפשר לקבל החזר או משלוח נוסף?",),
                ("אנחנו מתנצלים על הטעות. הפריט החסר נשלח היום עם {carrier}, מספר המעקב הוא {ref}.",),
                ("הגיע, תודה רבה!",),
            ),
            pauses=(2,),
        ),
    ),
}  # fmt: skip

INTERNAL = Story(
    "Stock",
    ("{product}: please check", "Shelf {ref}"),
    (
        ("Could somebody count the {product} in {colour}? The system says 14, the shelf looks like half of that.",
         "[photo] The {product} came in with wet boxes this morning (picture attached). Can we book them out?"),
        ("Counted: 9 pieces. I have corrected it, booking {ref}.", "Booked out under {ref}, and {carrier} knows."),
        ("Thanks!",),
    ),
)  # fmt: skip
STANDING = Story(
    "Invoice",
    ("Standing order {order}", "Call-offs under {order}"),
    (
        ("Call-off {week}: {pieces} x {product}, please.", "For call-off {week} we need {pieces} of the {product}. Same address as always.",
         "Call-off {week}: {pieces} pieces, and please add two in {colour}."),
        ("Call-off {week} is packed: {pieces} pieces, with {carrier} on Tuesday.", "Noted, that is call-off {week}. Tracking {ref}.",
         "The {pieces} pieces of call-off {week} are on their way. {ref} is the delivery note."),
    ),
)  # fmt: skip
SPAM = (
    ("Your website could rank FIRST on Google", "Dear Sir/Madam, we have audited your website and found 17 critical errors. Our experts guarantee the first page within 30 days. Reply with your telephone number for a free report."),
    ("RE: outstanding remittance", "Kindly confirm your bank details so that the outstanding amount can be remitted to you today without delay."),
    ("You have (1) unclaimed prize", "Congratulations! Your address was drawn in our international sweepstake. To claim, answer with your full name and date of birth."),
    ("High quality outdoor fabric supplier", "Dear purchasing manager, glad to know you are in the market of outdoor goods. We are manufacturer of ripstop and softshell with 18 years experience. May we send catalogue?"),
)  # fmt: skip
CHASES = (
    "Is there any news? I can be reached by telephone today as well.",
    "One more thing: could you send the confirmation to my office address, too?",
    "It is still not settled, I am afraid. Please have another look.",
    "Thank you for your patience with me. That is all I need.",
)
UPDATES = (
    "I have asked again this morning, and will write as soon as there is an answer.",
    "It is settled on our side. Please see the confirmation, and tell me if anything is missing.",
    "Could you send me a photograph of the label, please? Then I can go on at once.",
)
NOTES = {
    "Delivery": ("Called {carrier}, they will answer by Thursday. Please don't refund before that.",
                 "Third parcel lost in this postcode since {month}. Telling the account manager of {carrier}."),
    "Return": ("Refund {amount} released, see ERP booking {ref}.", "Parcel scanned in at the returns desk, shelf {ref}.",
               "Customer has had two replacements already - check with Margit before sending a third."),
    "Warranty": ("Waiting for the workshop's word.", "Photo shows the old model, so warranty until {month} next year.",
                 "Same fault as in batch {ref}. Replace without discussion."),
    "Advice": ("Stock of the {product} in {colour}: 3 left in the outlet.", "Asked product management, answer tomorrow."),
    "Invoice": ("VAT number checked, is valid.", "Credit limit raised by Samuel, see ERP {ref}."),
    "Stock": ("Told purchasing.",),
    "": ("Very friendly on the phone. Prefers calls after 17:00.", "Moved here from Orders, since it is not about delivery.",
         "Please keep an eye on this one while I am away.", "Called back, nobody at home. Trying again tomorrow."),
}  # fmt: skip

# language: greetings of customers, greetings of agents, sign-offs, attribution of a quote
GREETINGS = {
    "en": (("Hi,", "Hello,", "Hi there,", "Dear Sir or Madam,", ""), ("Hi {first},", "Hello {first},", "Dear {name},")),
    "de": (("Guten Tag,", "Hallo zusammen,", "Sehr geehrte Damen und Herren,"), ("Guten Tag {name},",)),
    "fr": (("Bonjour,", "Bonjour Madame, Monsieur,"), ("Bonjour {name},",)),
    "es": (("Buenos días:", "Hola:"), ("Estimado/a {name}:",)),
    "ar": (("مرحباً،",), ("مرحباً {name}،",)),
    "he": (("שלום,",), ("שלום {name},",)),
}  # fmt: skip
SIGN_OFFS = {
    "en": ("Thanks", "Best regards", "Kind regards", "Cheers", "Many thanks", "Regards"),
    "de": ("Mit freundlichen Grüßen", "Viele Grüße"),
    "fr": ("Cordialement", "Bien à vous"),
    "es": ("Un saludo", "Saludos"),
    "ar": ("مع التحية",),
    "he": ("בברכה",),
}
ATTRIBUTION = {
    "en": "On {date:%a, %d %b %Y at %H:%M}, {who} wrote:",
    "de": "Am {date:%d.%m.%Y um %H:%M} schrieb {who}:",
    "fr": "Le {date:%d/%m/%Y à %H:%M}, {who} a écrit :",
    "es": "El {date:%d/%m/%Y a las %H:%M}, {who} escribió:",
    "ar": "{date:%Y-%m-%d %H:%M} {who}:",
    "he": "{date:%d.%m.%Y %H:%M} {who}:",
}
RIGHT_TO_LEFT = {"ar", "he"}
MOBILE = "Sent from my iPhone"
