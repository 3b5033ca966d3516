"""Scenarios for `simulate --script` drawn at random: what the agent asks, what the caller answers, the tools in between, and what the
caller does besides, by the clock. The same seed draws the same scenario. Names, numbers and addresses are invented; telephone numbers are
from the range 555-01xx, which is reserved for fiction."""
import random

GREETINGS = ["Hello, this is the post.", "Good morning, this call is recorded.", "Welcome to the help line. We are glad you call.", "Hello."]
QUESTIONS = {
    "open": [("What is your question?", ["it is about my bill", "I want to move ~ to another house", "where is my parcel ~ it is late"]),
             ("Which day would suit you best?", ["tuesday in the morning", "any day ~ after four", "friday"]),
             ("What can I do for you?", ["my internet does not work | since this morning", "nothing ~ I think"])],
    "yes-no": [("Shall we bring it tomorrow?", ["yes", "no", "yes please", "no thank you", "sure", "okay"]), ("Have you been with us before?", ["yes", "no never"]),
               ("Does it work now?", ["no still nothing", "yes", "yeah"])],
    "digits": [("What is your phone number?", ["two zero two | five five five | zero one four three", "two zero two five five five zero one | two one"]),
               ("What is your customer number?", ["seven zero five five | zero one one nine", "nine nine"])],
    "spelled": [("Could you spell your last name?", ["m i l | l e r", "s h a | r m | a", "g u p t a"]),
                ("What is your email address?", ["anna dot miller | at example dot com", "help me | at example dot net"])],
}
RESULTS = ["found", "nothing found", "booked under lantern", "sent again", "three homes near the old mill"]
SAID = ["stop", "wait", "hello", "no not that one", "sorry can I ask something else first", "and my wife too", "actually ~ one moment | please"]
NODS = ["mm-hm", "okay", "right", "yeah", "uh-huh"]
KEYS = ["1", "*", "#", "2025550143#", "42"]


def tool_line(rng, name):
    changes = "changes " if rng.random() < 0.5 else ""
    usual_ms = rng.choice([0, 50, 300, 800, 2500, 6000, 9000])
    return f"tool {name} {changes}{usual_ms} {rng.choice(RESULTS)}"


def cue_line(rng, at_ms):
    what = rng.choices(["cough", "nod", "keys", "say", "hangup"], [4, 4, 2, 3, 0.15])[0]
    text = {"cough": rng.choice([60, 150, 300, 600, 1200]), "nod": rng.choice(NODS), "keys": rng.choice(KEYS), "say": rng.choice(SAID), "hangup": ""}[what]
    return f"at {at_ms / 1000:.3f} {what} {text}".rstrip()


def scenario(seed):
    rng = random.Random(seed)
    asked = [(kind, *rng.choice(QUESTIONS[kind])) for kind in rng.choices(list(QUESTIONS), k=rng.randint(1, 4))]
    asked = list({question: (kind, question, answers) for kind, question, answers in asked}.values())  # each question once
    lines = [f"agent {rng.choice(GREETINGS)} {asked[0][1]}" + rng.choice(["", "", " Please take your time."])]
    tools = 0
    for kind, question, answers in asked:
        lines.append(f"ask {kind} {question}")
        lines += [f"answer {text}" for text in rng.sample(answers, min(rng.randint(1, len(answers)), 4))]
        for _ in range(rng.choice([0, 1, 1, 2])):
            tools += 1
            lines.append(tool_line(rng, f"tool_{tools}"))
    at_ms = 500  # before the first mark came back nobody knows what was heard (docs/plan.md)
    for _ in range(rng.randint(0, 10)):
        at_ms += rng.choice([rng.randint(0, 1500), rng.randint(0, 6000), 20000])  # close together, spread out, behind a long silence
        lines.append(cue_line(rng, at_ms))
    return "\n".join(lines) + "\n"
