"""Twilio's REST as far as calls out need it, written from its documentation: a server on loopback that places, ends, fetches and lists calls, and
sends signed status callbacks (signed by Twilio's own package).

What becomes of a leg is the test's to say: by `on_place`, on a thread of its own, once the request was taken in and before it is answered.
"""
import time
import urllib.parse

from twilio.request_validator import RequestValidator

from carrierrest import CarrierRest, told
from twiliophone import ACCOUNT, NUMBER, PUBLIC, SECRET

CALLS = f"/2010-04-01/Accounts/{ACCOUNT}/Calls"


class Leg:
    """One call that was placed: what was asked for, and how far it is."""

    def __init__(self, rest, form, number):
        self.rest = rest
        self.form = form
        self.sid = f"CA{number:032x}"
        self.status = "queued"
        self.made = time.time()

    def one(self, name):
        return self.form[name][0]

    @property
    def attempt(self):
        return urllib.parse.parse_qs(urllib.parse.urlsplit(self.one("Url")).query)["call"][0]

    def path(self, name):
        """Of a URL that we were told, below the public address."""
        assert self.one(name).startswith(PUBLIC), self.one(name)
        return self.one(name).removeprefix(PUBLIC)

    def json(self):
        return {"sid": self.sid, "account_sid": ACCOUNT, "to": self.one("To"), "from": self.one("From"), "status": self.status, "direction": "outbound-api",
                "answered_by": None, "duration": None, "price": None, "date_created": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(self.made))}

    def tell(self, url, status=None, name="StatusCallback", secret=SECRET, **more):
        """A callback to the house at `url`; its status code."""
        params = {"AccountSid": ACCOUNT, "CallSid": self.sid, "ApiVersion": "2010-04-01", **more}
        if status:
            self.status = status if status != "initiated" else self.status
            params |= {"CallStatus": status, "From": self.one("From"), "To": self.one("To"), "Direction": "outbound-api", "CallbackSource": "call-progress-events"}
        path = self.path(name)
        return told(url, path, urllib.parse.urlencode(params), {"Content-Type": "application/x-www-form-urlencoded",
                    "X-Twilio-Signature": RequestValidator(secret).compute_signature(PUBLIC + path, params)})


class Rest(CarrierRest):
    def __init__(self):
        super().__init__(ACCOUNT, SECRET, {"code": 20003, "message": "Authenticate", "status": 401})
        self.ended = []
        self.callers = {}                 # calls that came in, by id: their status
        self.redirects = []               # (id, path below the public address)
        self.on_redirect = lambda sid, path: None
        self.looks = 0                    # at calls that came in

    def get(self, url):
        if url.path == f"{CALLS}.json":
            query = urllib.parse.parse_qs(url.query, strict_parsing=True)
            found = [leg.json() for leg in reversed(self.legs) if [leg.one("To"), leg.one("From")] == [query["To"][0], query["From"][0]]]
            return 200, {"calls": found[:int(query["PageSize"][0])], "next_page_uri": None}
        leg = self.find(url.path)
        sid = url.path.removeprefix(f"{CALLS}/").removesuffix(".json")
        if sid in self.callers:
            self.looks += 1
            return 200, self.caller_json(sid)
        return (200, leg.json()) if leg else (404, {"code": 20404, "status": 404})

    def post(self, path, form):
        if path == f"{CALLS}.json":
            self.requests += 1
            if self.refuse:
                return self.refuse
            leg = Leg(self, form, len(self.legs) + 1)
            self.legs.append(leg)
            self.on_place(leg)
            return 201, leg.json()
        leg = self.find(path)
        if "Url" in form:
            return self.redirect(path.removeprefix(f"{CALLS}/").removesuffix(".json"), form)
        assert form == {"Status": ["completed"]}
        leg.status = "completed"
        self.ended.append(leg)
        return 200, leg.json()

    def redirect(self, sid, form):
        """A call of `callers` is told other TwiML: its telephone asks for it."""
        assert list(form) == ["Url"] and form["Url"][0].startswith(PUBLIC), form
        if self.callers.get(sid) != "in-progress":
            return 404, {"code": 20404, "status": 404}
        self.redirects.append((sid, form["Url"][0].removeprefix(PUBLIC)))
        self.on_redirect(*self.redirects[-1])
        return 200, self.caller_json(sid)

    def caller_json(self, sid):
        return {"sid": sid, "account_sid": ACCOUNT, "to": NUMBER, "from": "+15550199", "status": self.callers[sid], "direction": "inbound",
                "answered_by": None, "duration": None, "price": None, "date_created": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())}

    def find(self, path):
        return next((leg for leg in self.legs if path == f"{CALLS}/{leg.sid}.json"), None)
