#!/usr/bin/env python3
"""Writes tests/vectors/redaction/own.jsonl: sentences as callers say them, with what must be masked in each, or nothing.

Nobody's data: the check digits are computed here, the rest is made up (555-01xx, example.com, cards of the schemes' test ranges). The file is committed; the
same seed writes the same bytes. Classes: checksum, contact (telephone, e-mail, UPI), context (only words tell it), negative.
Usage: redact_cases.py > tests/vectors/redaction/own.jsonl
"""
import json
import random

RANDOM = random.Random(5)
EN = "zero one two three four five six seven eight nine".split()
HI = "shunya ek do teen char paanch chhe saat aath nau".split()
HI2 = "zero ek do teen chaar panch chhah saath aath nau".split()
DEV = "शून्य एक दो तीन चार पाँच छह सात आठ नौ".split()
DEV_EN = "ज़ीरो वन टू थ्री फोर फाइव सिक्स सेवन एट नाइन".split()
DEV_DIGITS = "०१२३४५६७८९"
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
HI_PAIRS = {"98": "attaanve", "76": "chhihattar", "54": "chauvan", "32": "battees", "10": "das", "99": "ninyanve", "88": "atthasi", "45": "paintalees", "67": "sadsath",
            "21": "ikkees", "70": "sattar", "12": "barah", "50": "pachaas", "87": "sattasi", "65": "painsath", "43": "taintalees", "11": "gyarah", "20": "bees"}
NATO = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo "
                "sierra tango uniform victor whiskey x-ray yankee zulu".split()))
FRUIT = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "apple ball cat dog elephant fan goat house ink jug kite lion mango nest orange parrot queen rat sun tiger umbrella van "
                 "watch xylophone yak zebra".split()))
DEV_LETTERS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ए बी सी डी ई एफ जी एच आई जे के एल एम एन ओ पी क्यू आर एस टी यू वी डब्ल्यू एक्स वाई ज़ेड".split()))
CASES = []


def luhn(digits):
    return sum(sum(divmod(int(d) * (1 + (i % 2)), 10)) for i, d in enumerate(reversed(digits))) % 10


def card(prefix, length):
    body = prefix + "".join(RANDOM.choice("0123456789") for _ in range(length - len(prefix) - 1))
    return next(body + c for c in "0123456789" if luhn(body + c) == 0)


D5 = [[(j + i) % 5 if i < 5 and j < 5 else 5 + (i + j) % 5 if i < 5 else 5 + (i - j) % 5 if j < 5 else (i - j) % 5 for j in range(10)] for i in range(10)]
TURN = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]


def verhoeff_rest(digits):
    rest = 0
    for i, d in enumerate(reversed(digits)):
        d = int(d)
        for _ in range(i % 8):
            d = TURN[d]
        rest = D5[rest][d]
    return rest


def aadhaar():
    while True:
        body = RANDOM.choice("23456789") + "".join(RANDOM.choice("0123456789") for _ in range(10))
        value = next(body + c for c in "0123456789" if verhoeff_rest(body + c) == 0)
        if value != value[::-1]:
            return value


BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def letters(n):
    return "".join(RANDOM.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(n))


def digits(n):
    return "".join(RANDOM.choice("0123456789") for _ in range(n))


def pan():
    return letters(3) + RANDOM.choice("PCHF") + letters(1) + digits(4) + letters(1)


def gstin():
    body = RANDOM.choice(["27", "29", "07", "33", "24"]) + pan() + RANDOM.choice("12") + "Z"
    total = 0
    for i, c in enumerate(body):
        q, r = divmod(BASE36.index(c) * (1 + i % 2), 36)
        total += q + r
    return body + BASE36[(36 - total % 36) % 36]


def iban(country, bban):
    number = int("".join(str(BASE36.index(c)) for c in bban + country + "00"))
    return f"{country}{98 - number % 97:02d}{bban}"


def aba():
    body = RANDOM.choice(["01", "02", "03", "11", "12"]) + digits(6)
    rest = sum(int(d) * w for d, w in zip(body, (3, 7, 1, 3, 7, 1, 3, 7)))
    return body + str(-rest % 10)


def say(value, words):
    return " ".join(words[int(d)] for d in value)


def doubles(value, words=EN):
    out, i = [], 0
    while i < len(value):
        n = 3 if value[i:i + 3] == value[i] * 3 else 2 if value[i:i + 2] == value[i] * 2 else 1
        out.append(("", "double ", "triple ")[n - 1] + words[int(value[i])])
        i += n
    return " ".join(out)


def pairs(value):
    out = []
    for i in range(0, len(value), 2):
        n = int(value[i:i + 2])
        out.append(say(value[i:i + 2], EN) if n < 10 else TEENS[n - 10] if n < 20 else TENS[n // 10 - 2] + (" " + EN[n % 10] if n % 10 else ""))
    return " ".join(out)


def grouped(value, groups, mark):
    out, at = [], 0
    for n in groups:
        out.append(value[at:at + n])
        at += n
    return mark.join(out)


def said_in_groups(value, groups, words):
    return ", ".join(say(g, words) for g in grouped(value, groups, " ").split())


def oh(value):
    return say(value, ["oh"] + EN[1:])


def mixed(value):
    return " ".join(RANDOM.choice((EN, HI))[int(d)] for d in value)


def fillers(value):
    half = len(value) // 2
    return say(value[:half], EN) + " um " + say(value[half:], EN)


def spelled(value, style):
    out = []
    for c in value:
        if c.isdigit():
            out.append({"dev": DEV, "hi": HI}.get(style, EN)[int(c)])
        else:
            out.append({"nato": NATO[c], "for": f"{c} for {FRUIT[c]}", "dev": DEV_LETTERS[c], "lower": c.lower()}.get(style, c))
    return " ".join(out)


def put(kind, before, spans, after="", question=None, earlier=None):
    """spans: (type, value, as it is said) or plain text between."""
    text, entities = before, []
    for s in spans:
        if isinstance(s, str):
            text += s
            continue
        entities.append({"type": s[0], "value": s[1], "span": s[2]})
        text += s[2]
    case = {"id": f"own-{len(CASES) + 1:03d}", "class": kind, "text": text + after}
    if question:
        case["question"] = question
    if earlier:
        case["earlier"] = earlier
    CASES.append(case | {"entities": entities})


FRAMES_EN = [("my card number is ", ""), ("please charge ", ""), ("it's ", " okay"), ("the card is ", ", thanks"), ("sure, ", ""), ("", "")]
FRAMES_HI = [("card ka number ", " hai"), ("haan ji ", ""), ("mera card ", " likh lijiye"), ("kaard number hai ", "")]


def cards():
    kinds = [("4000", 16), ("4242", 16), ("5555", 16), ("2223", 16), ("3782", 15), ("6011", 16), ("5105", 16), ("6521", 16)]
    styles = [lambda v, g: v, lambda v, g: grouped(v, g, " "), lambda v, g: grouped(v, g, "-"), lambda v, g: say(v, EN), lambda v, g: said_in_groups(v, g, EN),
              lambda v, g: doubles(v), lambda v, g: oh(v), lambda v, g: mixed(v), lambda v, g: fillers(v), lambda v, g: grouped(v, g, ".")]
    for i in range(50):
        prefix, length = kinds[i % len(kinds)]
        value = card(prefix, length)
        before, after = FRAMES_EN[i % len(FRAMES_EN)]
        put("checksum", before, [("CARD", value, styles[i % len(styles)](value, (4, 6, 5) if length == 15 else (4, 4, 4, 4)))], after)
    for i in range(20):
        value = card("4" if i % 2 else "5100", 16)
        before, after = FRAMES_HI[i % len(FRAMES_HI)]
        said = (say(value, HI), say(value, HI2), said_in_groups(value, (4, 4, 4, 4), HI), doubles(value, HI))[i % 4]
        put("checksum", before, [("CARD", value, said)], after)
    for i in range(10):
        value = card("4" if i % 2 else "60", 16)
        said = (say(value, DEV), say(value, DEV_EN), grouped("".join(DEV_DIGITS[int(d)] for d in value), (4, 4, 4, 4), " "))[i % 3]
        put("checksum", ("मेरा कार्ड नंबर ", "कार्ड ", "")[i % 3], [("CARD", value, said)], " है" if i % 2 else "", question="कृपया अपना कार्ड नंबर बताइए।" if i % 3 == 2 else None)


def aadhaars():
    frames = [("my aadhaar is ", ""), ("UID ", " please check"), ("", ""), ("aadhaar number ", " hai"), ("mera aadhaar card number ", ""), ("yes, ", " is the one")]
    styles = [lambda v: v, lambda v: grouped(v, (4, 4, 4), " "), lambda v: grouped(v, (4, 4, 4), "-"), lambda v: say(v, EN), lambda v: say(v, HI), mixed, doubles,
              lambda v: said_in_groups(v, (4, 4, 4), EN), pairs, lambda v: grouped(v, (4, 4, 4), " "), fillers]
    for i in range(50):
        value = aadhaar()
        before, after = frames[i % len(frames)]
        put("checksum", before, [("AADHAAR", value, styles[i % len(styles)](value))], after, question="Please tell me your Aadhaar number." if before == "" else None)
    for i in range(10):
        value = aadhaar()
        put("checksum", ("मेरा आधार नंबर ", "आधार ")[i % 2], [("AADHAAR", value, (say(value, DEV), "".join(DEV_DIGITS[int(d)] for d in value))[i // 5])], " है" if i % 3 else "")


def codes_with_checks():
    for i in range(26):
        value = gstin()
        said = (value, value.lower(), spelled(value, ""), spelled(value, "for"), spelled(value, "nato"), grouped(value, (2, 10, 1, 1, 1), " "))[i % 6]
        put("checksum", ("GSTIN ", "our GST number is ", "bill it to ", "company ka gst number hai ", "G S T I N is ", "")[i % 6] if i % 6 != 2 else "my GST number is ",
            [("GSTIN", value, said)], ("", " for the invoice", ", thanks")[i % 3], question="What is your GSTIN?" if i % 6 == 5 else None)
    for i in range(24):
        country, bban = (("DE", digits(18)), ("GB", "TEST" + digits(14)), ("FR", digits(23)), ("NL", "BANK" + digits(10)), ("ES", digits(20)), ("AE", digits(19)))[i % 6]
        value = iban(country, bban)
        four = " ".join(value[k:k + 4] for k in range(0, len(value), 4))
        said = (value, four, spelled(value, ""), four, spelled(value, "lower"), value.lower())[(i + i // 6) % 6]
        put("checksum", ("IBAN ", "my IBAN is ", "transfer it to ", "the iban: ")[i % 4] if said in (value, four) else "my IBAN is ", [("IBAN", value, said)], ("", " please", ".")[i % 3])
    for i in range(16):
        value = aba()
        put("checksum", ("routing number ", "my routing number is ", "the ABA is ", "routing is ")[i % 4],
            [("ABA", value, (value, say(value, EN), said_in_groups(value, (3, 3, 3), EN), doubles(value))[i % 4])])


def contacts():
    frames = [("my number is ", ""), ("call me on ", " please"), ("mera number ", " hai"), ("haan note kijiye ", ""), ("you can reach me at ", " after five"), ("", ""),
              ("whatsapp karo ", " pe"), ("mobile ", "")]
    styles = [lambda v: v, lambda v: grouped(v, (5, 5), " "), lambda v: say(v, EN), lambda v: say(v, HI), doubles, pairs, mixed, lambda v: "+91 " + grouped(v, (5, 5), " "),
              fillers, lambda v: doubles(v, HI), lambda v: said_in_groups(v, (5, 5), EN), lambda v: say(v, HI2)]
    for i in range(48):
        value = RANDOM.choice(["98765", "99999", "70000", "88888", "90000", "63000"]) + digits(5)
        before, after = frames[i % len(frames)]
        put("contact", before, [("PHONE", "+91" + value, styles[i % len(styles)](value))], after)
    for value, said in (("9876543210", "attaanve chhihattar chauvan battees das"), ("9988766754", "ninyanve atthasi chhihattar sadsath chauvan"),
                        ("9876502187", "attaanve chhihattar pachaas ikkees sattasi"), ("7012654321", "sattar barah painsath taintalees ikkees")):
        put("contact", "mera number hai ", [("PHONE", "+91" + value, said)])
    for i in range(8):
        value = "9876" + digits(6)
        put("contact", ("मेरा नंबर ", "फोन नंबर ")[i % 2], [("PHONE", "+91" + value, (say(value, DEV), say(value, DEV_EN))[i // 4])], ("", " है")[i % 2])
    for i in range(8):
        value = f"415555{100 + RANDOM.randrange(100):04d}"
        put("contact", "my number is ", [("PHONE", "+1" + value, (f"({value[:3]}) {value[3:6]}-{value[6:]}", f"+1 {value[:3]} {value[3:6]} {value[6:]}", f"+1-{value[:3]}-{value[3:6]}-{value[6:]}",
                                                                 "plus one " + say(value, EN))[i % 4])])
    names = ["john.doe", "priya", "asha_rao", "r.verma", "team-lead", "maria99", "anil.k", "sunita"]
    hosts = ["example.com", "example.org", "gmail.com", "yahoo.co.in", "mail.example.net"]
    for i in range(34):
        value = f"{names[i % 8]}@{hosts[i % 5]}"
        local, host = value.split("@")
        say_local = local.replace(".", " dot ").replace("_", " underscore ").replace("-", " dash ").replace("99", " nine nine")
        say_host = host.replace(".", " dot ")
        said = (value, f"{say_local} at {say_host}", f"{say_local} at the rate {say_host}", value.upper() if i % 2 else value, f"{say_local} at the rate of {say_host}")[i % 5]
        before, after = (("my email is ", ""), ("mail it to ", " please"), ("mera email ", " hai"), ("it's ", ""), ("send the invoice on ", " thanks"))[i % 5 if i % 5 != 3 else 1]
        put("contact", before, [("EMAIL", value, said)], after)
    for i, (value, said) in enumerate([("asha@okaxis", "asha@okaxis"), ("ravi.k@ybl", "ravi dot k at ybl"), ("9876500001@paytm", "9876500001@paytm"), ("asha@okaxis", "asha at the rate ok axis"),
                                       ("mohan@oksbi", "mohan at ok sbi"), ("shop12@upi", "shop one two at the rate upi")]):
        put("contact", ("upi id ", "pay to ", "my upi is ")[i % 3], [("UPI", value, said)])


def contexts():
    for i in range(20):
        value = pan()
        style = i % 6
        said = (value, value.lower(), spelled(value, ""), spelled(value, "nato"), spelled(value, "for"), spelled(value, "dev"))[style]
        put("context", ("मेरा पैन ", "पैन नंबर ")[i % 2] if style == 5 else ("my PAN is ", "PAN number ", "mera pan card number ", "P A N is ")[i % 4], [("PAN", value, said)], " है" if style == 5 else "")
    for i in range(4):
        value = pan()
        put("context", "", [("PAN", value, spelled(value, "lower" if i % 2 else ""))], question="Please tell me your PAN.")
    for i in range(14):
        value = digits(6) if i % 3 else "4" + digits(3)
        said = (value, say(value, EN), say(value, HI), doubles(value), say(value, DEV), value)[i % 6]
        if i % 6 == 5:
            put("context", "", [("OTP", value, said)], question="Please tell me the OTP we sent you.")
        else:
            put("context", ("the OTP is ", "otp hai ", "OTP aaya hai ", "one time password ", "ओटीपी ")[i % 6], [("OTP", value, said)])
    put("context", "", [("OTP", "482913", "four eight two nine one three")], question="What is the code we just sent to your phone?")
    put("context", "", [("OTP", "571204", "571204")], " is my OTP")
    for i in range(8):
        value = digits(3)
        put("context", ("CVV is ", "the security code is ", "cvv ", "सीवीवी ")[i % 4], [("CVV", value, say(value, DEV) if i % 4 == 3 else (value, say(value, EN))[i // 4])])
    put("context", "", [("CVV", "737", "seven three seven")], question="And the three digits on the back, the CVV?")
    put("context", "it is ", [("CVV", "041", "zero four one")], question="What is the security code on the back of your card?")
    for value, said in (("09/27", "09/27"), ("12/30", "12/2030"), ("08/29", "zero eight twenty nine"), ("03/28", "march twenty twenty eight"), ("11/26", "november 2026")):
        put("context", "the card expires ", [("CARD_EXPIRY", value, said)])
        put("context", "", [("CARD_EXPIRY", value, said)], question="What is the expiry date on your card?")
    for value, said in (("1991-08-14", "14/08/1991"), ("1985-12-03", "3 December 1985"), ("2001-01-22", "22 january two thousand one"), ("1978-06-05", "fifth of June nineteen seventy eight"),
                        ("1966-11-30", "30-11-1966"), ("1999-02-09", "nine february ninety nine"), ("1991-08-14", "August 14, 1991"), ("1988-07-21", "21.07.1988"),
                        ("1995-10-17", "1995-10-17"), ("2005-03-12", "barah march do hazaar paanch"), ("1992-09-25", "twenty fifth September nineteen ninety two")):
        put("context", ("my date of birth is ", "I was born on ", "DOB ", "janm tithi ")[len(said) % 4], [("DOB", value, said)])
        put("context", "", [("DOB", value, said)], question="Could you tell me your date of birth?")
    put("context", "मेरी जन्मतिथि ", [("DOB", "1991-08-14", "चौदह अगस्त उन्नीस सौ इक्यानवे")], " है")
    put("context", "जन्म ", [("DOB", "1987-01-05", "5 जनवरी 1987")], " को हुआ")
    for i in range(10):
        value = RANDOM.choice("123456789") + digits(10 + i % 5)
        put("context", ("account number is ", "my bank account is ", "khata number ", "a/c no ", "खाता नंबर ")[i % 5],
            [("BANK_ACCT", value, (value, say(value, EN), say(value, HI), value, say(value, DEV))[i % 5])])
    put("context", "", [("BANK_ACCT", "50100234567891", "five zero one zero zero two three four five six seven eight nine one")], question="What is your bank account number?")
    for i in range(10):
        value = RANDOM.choice(["HDFC", "SBIN", "ICIC", "UTIB"]) + "0" + digits(6)
        put("context", ("IFSC ", "the IFSC code is ", "ifsc code ")[i % 3], [("IFSC", value, (value, value.lower(), spelled(value, ""), value[:4] + " " + say(value[4:], EN), spelled(value, "hi"))[i % 5])])
    for i in range(14):
        value = RANDOM.choice(["MH", "KA", "DL", "TN", "UP"]) + RANDOM.choice(["01", "12", "14", "22"]) + letters(2) + digits(4)
        said = (value, grouped(value, (2, 2, 2, 4), " "), grouped(value, (2, 2, 2, 4), "-"), spelled(value, ""), spelled(value, "nato"), value.lower())[i % 6]
        put("context", ("my car is ", "gaadi number ", "the vehicle number is ", "")[i % 4] if i % 6 < 3 else "gaadi ka number ", [("VEHICLE", value, said)])
    for i in range(8):
        value = RANDOM.choice(["536", "219", "457"]) + "09" + digits(3) + "1"
        put("context", ("my social is ", "my social security number is ", "SSN ", "")[i % 4],
            [("SSN", value, (say(value, EN), said_in_groups(value, (3, 2, 4), EN), grouped(value, (3, 2, 4), "-"), grouped(value, (3, 2, 4), "-"))[i % 4])])
    put("context", "it ends in ", [("SSN_LAST4", "4399", "four three nine nine")], question="What are the last four of your social security number?")
    put("context", "the last four of my social are ", [("SSN_LAST4", "0187", "0187")])
    for i in range(6):
        value = letters(3) + digits(7)
        put("context", ("voter id ", "my voter ID card number is ")[i % 2], [("VOTER_ID", value, (value, spelled(value, ""), spelled(value, "for"))[i % 3])])
    for i in range(6):
        value = RANDOM.choice("JKLMNPRSTZ".replace("Z", "")) + RANDOM.choice("123456789") + digits(6)
        put("context", ("passport number ", "my passport is ")[i % 2], [("PASSPORT", value, (value, spelled(value, ""), spelled(value, "nato"))[i % 3])])
    for ip in ("198.51.100.23", "192.0.2.7", "203.0.113.200"):
        put("context", "the login came from ", [("IP", ip, ip)])
    put("context", "our server is ", [("IP", "192.0.2.45", "one nine two dot zero dot two dot forty five")])
    for before, name, after in (("my name is ", "Asha Rao", " and I need help"), ("mera naam ", "Rahul Verma", " hai"), ("this is ", "Maria Lopez", " calling about my order"),
                                ("I'm ", "Vikram Singh", " from accounts"), ("मेरा नाम ", "सुनीता शर्मा", " है"), ("my full name is ", "priya nair", ""), ("main ", "anil", " bol raha hoon")):
        put("context", before, [("PERSON", name, name)], after)
    put("context", "it's ", [("PERSON", "Neha Gupta", "Neha Gupta")], question="May I have your name, please?")
    for place in ("14 MG Road, Bengaluru 560001", "221 Park Street, Kolkata 700016", "7 Nehru Nagar, Pune 411001"):
        put("context", "please deliver to ", [("ADDRESS", place, place)])
    put("context", "my address is ", [("ADDRESS", "22 Lake Avenue, Springfield 62704", "22 Lake Avenue, Springfield 62704")])
    value = aadhaar()
    put("context", "Aadhaar is ", [("ID_UNVERIFIED", value[:-1] + str((int(value[-1]) + 1) % 10), grouped(value[:-1] + str((int(value[-1]) + 1) % 10), (4, 4, 4), " "))])
    value = card("4000", 16)
    put("checksum", "", [("CARD", value, say(value[8:], EN))], question="Please tell me your card number.", earlier=["my card number is " + say(value[:8], EN)])
    value = aadhaar()
    put("checksum", "", [("AADHAAR", value, say(value[4:], EN))], question="Please go on.", earlier=["aadhaar is " + say(value[:4], EN)])
    value = pan()
    put("context", "", [("PAN", value, spelled(value[5:], ""))], question="Please tell me your PAN.", earlier=["my pan is " + spelled(value[:5], "")])


NEGATIVES = """The pan is hot, do not touch it|I want to open a new account|My account balance is low|The account was charged 15000 rupees|Please update my card address|I lost my card yesterday
Which card do you accept|When does the offer expire|The policy expires on 12/2027|The warranty is valid till 14/08/2031|Your coupon expires 08/29|The meeting is on 14/08/2026 at five
We close at nine thirty on Sunday|I was born in a small town|My birthday is next week|The train leaves at ten fifteen|Flight AI 202 is delayed|Flight six E two one seven to Pune
Order 482913 has shipped|Order number 99887766 is late|Ticket 20240814 0017 is open|My booking reference is four four two one|Tracking AWB 1234567890 please|The invoice number is 1002003004
Please send two pizzas and three cokes|I need four rooms for five people for six nights|It costs one lakh twenty thousand rupees|The price is 1,25,000 rupees|Pay two thousand five hundred by Friday
My EMI is twelve thousand three hundred rupees|The interest is seven point five percent|About fifty to sixty people will come|Version 10.0.19041.1 is installed|We run release 3.14.15.92 of the software
Firmware 1.2.3.4 broke it|The app version is 10.4.2.1|Double the order please|Triple check the address|Press one for sales and two for support|Room three one four on the third floor
Channel nine at eight|The score was six four, six four|I am fine, thank you|I am looking for a room|I am not sure about that|This is not working|This is the third time I am calling|I'm waiting for the delivery
My name is not on the list|What is your name|Can I know your name please|The name of the company is on the bill|I live near the station|We met at the bus stop|My address has changed|What is your address|Update my address please
The road is closed|Turn left on the main road|There is traffic on ring road|He works at a bank|Meet me at five|Look at the menu|The dot com boom ended in two thousand one|Email me the menu|Send me an email
I did not get any OTP|The OTP never came|Please resend the OTP|What is a CVV|Where is the CVV on the card|I forgot my PIN|My password does not work|The verification failed twice|Is the IFSC code needed
Do you need my PAN card|I do not have a passport|My passport is with the embassy|I sold my car last week|The car is a 2019 model|The vehicle needs a service every 10000 km|I drive a BMW X5|Model MH 370 is a film
We have 14 branches on the coast|The gate is at sector 21|I ordered item 4471 in size 42|Batch 20260114 expires soon|The serial number is 8812 4471|Meter reading is 45218 today|My case number is 7788123
I called twelve times in three days|It takes five to seven days|From nine to five on weekdays|Ten out of ten|One two three testing|Five four three two one go|The code in aisle seven|A B C is easy as one two three
Vitamin B twelve and D three|I have a plan with Q4 targets|Terminal 2 gate B14|Seat 14C please|Bus 500D goes there|Use platform 9 or 10|Take highway NH 44|The flat is on the second floor|Block the number please
Social media is noisy|I saw it on a social network|Security is at the gate|The security guard knows|Route the call to sales|The bank opens at ten|Mujhe do coffee aur teen chai chahiye|Kal das baje milte hain
Mera order abhi tak nahi aaya|Mujhe pata nahi|Aapka naam kya hai|Mera naam list mein nahi hai|Do din se network nahi hai|Paanch sau rupaye ka recharge karo|Ek do teen char|Bees hazaar rupaye chahiye|Gaadi kharab hai
Gaadi ka insurance karna hai|Khata kholna hai|Card block kar do|OTP nahi aaya|Yeh car do lakh ki hai|Teen baje aa jaunga|Mera birthday kal hai|Main kal aaunga|Main theek hoon|Haan ji bol rahe hain
दस बजे आइए|मुझे दो कमरे चाहिए|मेरा ऑर्डर नहीं आया|पाँच सौ रुपये लगेंगे|कल सुबह नौ बजे मिलते हैं|मेरा नाम सूची में नहीं है|मुझे पता नहीं|ओटीपी नहीं आया|गाड़ी खराब है|खाता खोलना है|कार्ड बंद कर दो|तीन चार दिन लगेंगे
एक दो तीन चार|बीस हज़ार रुपये का लोन चाहिए|The year was nineteen ninety one|Founded on 14 August 1991|It happened on 3 December 1985|The festival is on 22 january 2027|Chapter four verse sixteen
Call me at nine|Call me back in ten minutes|I will pay on the fifth|Today is the twenty second|The bill is for March 2026|My salary comes on the first|I need it by 08/29|Our GST rate is 18 percent
The GST is included|A for apple is how children learn|Alpha and bravo are teams|India won by six wickets|We stayed at hotel Delta|Mike and Victor are here|Papa and mama are fine|November was cold|Gate 22 at 6517 metres
The plate is broken|My licence has expired|Registration is free|Send it to the third floor|Number two on the list|Not one of the twenty two worked|Six hundred and fifty grams|The parcel weighs 2.5 kg|Half past six
The temperature is 38.5 degrees|The distance is 1200 km|Part number 5502 fits|Row 12 seats 4 to 9|Windows 11 or 10|I have 3 kids aged 4, 7 and 9|The pin is bent|Pin code of the area please|The container is 4111 1111 1111 1112 on bay nine"""


def negatives():
    for sentence in NEGATIVES.replace("\n", "|").split("|"):
        put("negative", sentence, [])
    for text, question in (("yes please", "Is your PAN linked?"), ("the blue one", "Which car is it?"), ("I do not remember it", "What is your date of birth?"),
                           ("why do you need that", "Please tell me your Aadhaar number."), ("give me a minute", "What is the OTP?"), ("no I am not", "Are you the account holder?"),
                           ("at ten thirty", "When shall we call you?"), ("two people", "How many guests?"), ("what do you mean", "May I have your name?"), ("not now", "What is your address?")):
        put("negative", text, [], question=question)


def twice(said, end, count, between=" "):
    """The `count` words before word `end` come a second time: a recogniser that died brings them again."""
    words = said.split()
    return " ".join(words[:end]) + between + " ".join(words[end - count:])


def begun_twice():
    for i in range(4):
        value = card("4242", 16)
        put("checksum", FRAMES_EN[i][0], [("CARD", value, twice(said_in_groups(value, (4, 4, 4, 4), EN), 12, 8, (" ", " sorry ", ", ", " um ")[i]))], FRAMES_EN[i][1])
    for i in range(3):
        value = aadhaar()
        put("checksum", "my aadhaar is ", [("AADHAAR", value, twice(say(value, (EN, HI, DEV)[i]), 9, 5 + i))])
    for i in range(3):
        value = gstin()
        put("checksum", "company ka gst number hai ", [("GSTIN", value, twice(spelled(value, ("for", "", "nato")[i]), 8, 5, (" ", " sorry ", " ")[i]))])
    for i in range(4):
        value = "98765" + digits(5)
        put("contact", "mera number ", [("PHONE", "+91" + value, twice(say(value, (EN, HI, HI2, DEV)[i]), 8, 5, (" ", " sorry ")[i % 2]))], " hai")
    for value, said in (("omar@example.com", "omar at example dot at example dot com"), ("omar@example.com", "omar at example dot sorry at example dot com"),
                        ("priya@gmail.com", "priya at the rate gmail gmail dot com"), ("team-lead@mail.example.net", "team dash lead at the rate of rate of mail dot example dot net"),
                        ("r.verma@gmail.com", "r dot verma sorry dot verma at the rate gmail dot com"), ("sunita@example.org", "sunita at example dot sorry dot org"),
                        ("sunita@gmail.com", "sunita at the at the rate gmail dot com"), ("anil.k@example.org", "anil dot sorry dot k at example dot org")):
        put("contact", "mail it to ", [("EMAIL", value, said)], " please")
    put("contact", "pay to ", [("UPI", "mohan@oksbi", "mohan at ok ok sbi")])
    put("contact", "upi id ", [("UPI", "asha@okaxis", "asha at the rate rate ok axis")])
    for i in range(3):
        value = pan()
        put("context", "my PAN is ", [("PAN", value, twice(spelled(value, ("for", "", "nato")[i]), 7, 4, (" ", " sorry ", " ")[i]))])
    put("context", "the card expires ", [("CARD_EXPIRY", "03/28", "march twenty sorry march twenty twenty eight")])
    put("context", "our server is ", [("IP", "192.0.2.45", "one nine two dot zero sorry one nine two dot zero dot two dot forty five")])
    value = letters(3) + digits(7)
    put("context", "my voter ID card number is ", [("VOTER_ID", value, twice(spelled(value, "for"), 9, 6))])


def main():
    cards()
    aadhaars()
    codes_with_checks()
    contacts()
    contexts()
    negatives()
    begun_twice()
    for case in CASES:
        print(json.dumps(case, ensure_ascii=False))


if __name__ == "__main__":
    main()
