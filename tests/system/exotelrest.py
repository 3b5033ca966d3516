"""Exotel's REST as far as calls out need it, written from its pages: a server on loopback that places, fetches and lists calls, and tells of them by
status callbacks. It ends none, its list has only calls that have ended, and "in-progress" is said before anybody has answered.

What becomes of a leg is the test's to say: by `on_place`, once the request was taken in and before it is answered.
"""
import json
import time
import urllib.parse

from carrierrest import CarrierRest, told
from exotelphone import ACCOUNT
from twiliophone import PUBLIC

API_KEY, API_TOKEN = "an-api-key", "an-api-token"
CALLS = f"/v1/Accounts/{ACCOUNT}/Calls"
ENDS = ("completed", "busy", "no-answer", "failed", "canceled")


class Leg:
    def __init__(self, form, number):
        self.form = form
        self.sid = f"c0ffee{number:026x}"
        self.status = "in-progress"
        self.made = time.time()

    def one(self, name):
        return self.form[name][0]

    @property
    def attempt(self):
        return self.one("CustomField").removeprefix("callfunnel:")

    def json(self):
        made = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.made + 330 * 60))
        return {"Sid": self.sid, "AccountSid": ACCOUNT, "From": self.one("From"), "To": self.one("CallerId"), "PhoneNumberSid": self.one("CallerId"),
                "Status": self.status, "Direction": "outbound-api", "AnsweredBy": None, "Duration": None, "Price": None, "DateCreated": made}

    def tell(self, url, event, status):
        """A callback to the house at `url`; its status code."""
        target = self.one("StatusCallback")
        assert target.startswith(PUBLIC), target
        self.status = status
        return told(url, target.removeprefix(PUBLIC), json.dumps({"CallSid": self.sid, "EventType": event, "Status": status}), {"Content-Type": "application/json"})


class Rest(CarrierRest):
    def __init__(self):
        super().__init__(API_KEY, API_TOKEN, {"RestException": {"Status": 401, "Message": "Authentication failed"}})
        self.loses = False                # the leg is there, and the answer says nothing of it
        self.others = []                  # nothing that the pages know

    def get(self, url):
        if url.path == f"{CALLS}.json":
            query = urllib.parse.parse_qs(url.query, strict_parsing=True)
            found = [leg.json() for leg in reversed(self.legs) if leg.one("From") == query["From"][0] and leg.status in ENDS]
            return 200, {"Metadata": {"Total": len(found)}, "Calls": found[:int(query["PageSize"][0])]}
        leg = next((leg for leg in self.legs if url.path == f"{CALLS}/{leg.sid}.json"), None)
        return (200, {"Call": leg.json()}) if leg else (404, {"RestException": {"Status": 404, "Message": "no such call"}})

    def post(self, path, form):
        if path != f"{CALLS}/connect.json":
            self.others.append(path)
            return 405, {}
        self.requests += 1
        if self.refuse:
            return self.refuse
        leg = Leg(form, len(self.legs) + 1)
        self.legs.append(leg)
        self.on_place(leg)
        return (502, {}) if self.loses else (200, {"Call": leg.json()})
