"""Callers on the phone: their voices, what they answer, and the conductor's word on their calls.

The voice is flite's, made by `callfunnel say`: a labelled stand-in for recorded people.
"""
import asyncio
import subprocess

import pytest

from conftest import BINARY
from house import Follower, until
from twiliophone import Phone

LINES = {"yes": "yes, speaking", "keep": "keep it", "cancel": "cancel it, cancel it"}


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    """voice["yes"]: a recording."""
    folder = tmp_path_factory.mktemp("voice")
    for name, text in LINES.items():
        subprocess.run([BINARY, "say", text, "-o", str(folder / f"{name}.wav")], check=True, capture_output=True, timeout=60)
    return {name: folder / f"{name}.wav" for name in LINES}


YESES = ("yes", "yep", "yeah", "speaking")  # as which the offline recogniser may hear the first of them


ASKED = (("Am I speaking with", "yes"), ("keep it, move it, or cancel it", "keep"), ("Shall I cancel", "yes"), ("Did you say", "yes"))


class Caller:
    """Somebody on a phone, who hears what the agent says by the call's own timeline, and answers the question that was asked last."""

    def __init__(self, house, number, voice, others=()):
        self.house = house
        self.voice = voice
        self.others = others  # callers who were there before
        self.phone = Phone(house.ready["url"], f"CA{number:032x}", self.answer)
        self.follower = None

    def find(self):
        known = [other.follower.name for other in self.others]
        mine = [call["call"] for call in self.house.calls() if call["call"] not in known]
        if mine:
            self.follower = Follower(self.house, mine[0])
        return self.follower

    def asked(self):
        """What is to be said to the last question; None before the first."""
        if not self.follower:
            self.find()
        said = "" if not self.follower else " ".join(line["text"] for line in self.follower.of("speak"))
        found = [(said.rfind(words), answer) for words, answer in ASKED if words in said]
        return max(found)[1] if found else None

    def answer(self):
        asked = self.asked()
        return self.voice[asked] if asked else None

    def hold(self):
        """The whole call, and the conductor's word on it."""
        asyncio.run(self.phone.hold())
        return self.record()

    def record(self):
        return self.house.call((self.follower or self.find()).name)


def ended(call):
    return call["state"], call["reason"], call["outcome"]


def settled(caller):
    """The call's record, once its end has come to the conductor."""
    return until(lambda: caller.record()["state"] == "ended" and caller.record(), 20, "the call has ended")


def when_planned(caller, act):
    """Does it once the agent tells of the appointment: the first question is answered, the second one being asked."""
    caller.phone.during = lambda: caller.asked() == "keep" and (act(), True)[1]
