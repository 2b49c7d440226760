"""Makes the policies, entities and requests of the `cedar` benchmark: a plant in the words of the built-in schema.

  plant.py FOLDER POLICIES      writes policies.cedar, entities.json and requests.json for so many policies

The same seed gives the same plant; more policies are added behind those of a smaller set.
"""

import json
import os
import random
import sys

SEED = 20261127
USERS, SERVICES, GROUPS, ZONES, ASSETS = 21_000, 500, 400, 120, 5_000
POINTS = 30_000 - USERS - SERVICES - GROUPS - ZONES - ASSETS - 10  # ten actions
REQUESTS = 2_000

READS = ["modbus:ReadHoldingRegisters", "modbus:ReadInputRegisters", "modbus:ReadCoils"]
WRITES = ["modbus:WriteSingleRegister", "modbus:WriteMultipleRegisters", "modbus:WriteSingleCoil"]
ACTION_GROUPS = {"read": READS, "write": WRITES, "modbus": READS + WRITES}


def uid(kind, name):
    return {"type": kind, "id": name}


def text(entity):
    return f'{entity["type"]}::"{entity["id"]}"'


class Plant:
    """Sites with cells, teams below departments, assets in cells with points, people and services in teams."""

    def __init__(self):
        source = random.Random(SEED)
        # A third of the zones are sites, the others cells in one of them; groups alike, three levels deep.
        self.zones = [uid("Zone", f"zone-{n}") for n in range(ZONES)]
        self.groups = [uid("Group", f"team-{n}") for n in range(GROUPS)]
        self.assets = [uid("Asset", f"press-{n}") for n in range(ASSETS)]
        self.points = [uid("Point", f"press-{n % ASSETS}/setpoint-{n // ASSETS}") for n in range(POINTS)]
        self.users = [uid("User", f"user{n}@plant.example") for n in range(USERS)]
        self.services = [uid("Service", f"spiffe://plant.example/service-{n}") for n in range(SERVICES)]
        sites, cells = self.zones[:ZONES // 3], self.zones[ZONES // 3:]
        self.cells = cells
        self.zone_of, self.groups_of = {}, {}
        self.entities = []
        for zone in sites:
            self._add(zone, [], {"purdue": 3})
        for zone in cells:
            self._add(zone, [source.choice(sites)], {"purdue": source.randrange(0, 3)})
        for number, group in enumerate(self.groups):
            # Ten divisions, departments in them, teams in those.
            above = [] if number < 10 else [self.groups[source.randrange(10 if number < 60 else 60)]]
            self._add(group, above)
        for asset in self.assets:
            self.zone_of[text(asset)] = source.choice(cells)
            self._add(asset, [self.zone_of[text(asset)]], {
                "criticality": source.randrange(1, 5), "safety": source.random() < 0.05})
        for number, point in enumerate(self.points):
            self._add(point, [self.assets[number % ASSETS]], {"minimum": 0, "maximum": source.randrange(100, 9000)})
        for number, person in enumerate(self.users + self.services):
            self.groups_of[text(person)] = source.sample(self.groups, source.randrange(1, 4))
            parents = self.groups_of[text(person)] + [source.choice(cells)]
            self._add(person, parents, {"email": person["id"]} if person["type"] == "User" else {})
        for name, members in ACTION_GROUPS.items():
            self._add(uid("Action", name), [])
        for name in READS + WRITES:
            groups = [group for group, members in ACTION_GROUPS.items() if name in members]
            self._add(uid("Action", name), [uid("Action", group) for group in groups])
        self._add(uid("Action", "http"), [])

    def _add(self, entity, parents, attributes=None):
        self.entities.append({"uid": entity, "attrs": attributes or {}, "parents": parents})

    def policies(self, count):
        """So many policies: their text, and what each is about. One in fifty forbids for everybody, at most six."""
        source = random.Random(SEED + 1)
        out, subjects = [], []
        for number in range(count):
            if number % 50 == 9 and number < 300:
                policy = self._general(number // 50)
            else:
                policy, subject = self._particular(source)
                subjects.append(subject)
            out.append(f'@id("rule-{number}")\n{policy}\n')
        return "\n".join(out), subjects

    def _general(self, number):
        """What holds for all principals: few in any plant."""
        values = ", ".join(f'Action::"{name}"' for name in WRITES)
        return [
            'forbid (principal, action in Action::"write", resource is Asset)\n'
            'when { resource has safety && resource.safety }\n'
            'unless { context.sourceAddress.isInRange(ip("10.0.0.0/16")) };',
            'forbid (principal, action in Action::"modbus", resource)\n'
            'when { context has tlsVersion && context.tlsVersion != "1.3" && context.unit > 200 };',
            'forbid (principal, action == Action::"modbus:WriteMultipleRegisters", resource)\n'
            'when { context.count > 100 || context.maximumValue > 60000 };',
            f'forbid (principal, action in [{values}], resource is Point)\n'
            'when { resource has maximum && context.maximumValue > resource.maximum };',
            f'forbid (principal is User, action in Action::"write", resource in {text(self.zones[0])});',
            f'forbid (principal is Service, action in [{values}], resource)\n'
            'unless { principal.hasTag("writes") || context.postQuantum || context.function == 6 };',
        ][number]

    def _particular(self, source):
        """A policy about somebody, with who, what and where."""
        person = source.choice(self.users + self.services * 10)
        group, zone, asset = source.choice(self.groups), source.choice(self.zones), source.choice(self.assets)
        few = ", ".join(f'Action::"{name}"' for name in source.sample(READS + WRITES[:2], 2))
        start = source.randrange(0, 900)
        kinds = [
            # Somebody reads a zone, or works on a device.
            (person, "read", zone, f'permit (principal == {text(person)}, action in Action::"read", '
             f'resource in {text(zone)});'),
            (person, "modbus", asset, f'permit (principal == {text(person)}, action in [{few}], '
             f'resource == {text(asset)})\n'
             f'when {{ context.unit == 1 && context.address >= {start} && '
             f'context.address + context.count <= {start + 100} }};'),
            # A team reads its zone from inside the plant.
            (group, "read", zone, f'permit (principal in {text(group)}, action in Action::"read", '
             f'resource in {text(zone)})\nwhen {{ context.sourceAddress.isInRange(ip("10.0.0.0/8")) }};'),
            # A team writes within bounds.
            (group, "write", zone, f'permit (principal in {text(group)}, '
             f'action == Action::"modbus:WriteSingleRegister", resource in {text(zone)})\n'
             f'when {{ context.minimumValue >= 0 && context.maximumValue <= {source.randrange(500, 8500)} }}\n'
             'unless { resource has safety && resource.safety };'),
            # A maintenance window.
            (group, "modbus", asset, f'permit (principal in {text(group)}, action in Action::"modbus", '
             f'resource == {text(asset)})\n'
             f'when {{ context.time >= datetime("2026-12-{source.randrange(10, 29)}T06:00:00Z") && '
             'context.time < datetime("2027-01-02T18:00:00Z") };'),
            (group, "read", zone, f'permit (principal is User in {text(group)}, action in Action::"read", '
             f'resource is Asset in {text(zone)})\n'
             'when { principal has email && principal.email like "*@plant.example" && resource has criticality && '
             f'resource.criticality < {source.randrange(2, 5)} }};'),
            # A team must not.
            (group, "write", zone, f'forbid (principal in {text(group)}, '
             f'action == Action::"modbus:WriteSingleRegister", resource in {text(zone)})\n'
             f'when {{ context.unit > {source.randrange(1, 200)} && context.maximumValue > 0 }};'),
        ]
        who, action, where, policy = source.choice(kinds)
        return policy, (who, action, where)

    def requests(self, subjects):
        """People and services at work, from inside the plant: most do what some policy is about."""
        source = random.Random(SEED + 2)
        members, inside = self._below()
        out = []
        for _ in range(REQUESTS):
            who, what, where = source.choice(subjects)
            if source.random() < 0.3:
                who, where = source.choice(self.users), source.choice(self.assets)
            principal = source.choice(members.get(text(who)) or [who])
            resource = source.choice(inside.get(text(where)) or [where])
            is_write = what == "write" or what == "modbus" and source.random() < 0.3
            context = {
                "sourceAddress": _extension("ip", f"10.{source.randrange(0, 40)}.5.{source.randrange(1, 255)}"),
                "time": _extension("datetime", f"2026-12-{source.randrange(10, 29)}T12:00:00Z"),
                "listener": "press-1", "unit": source.choice([1, 1, 1, 2, 247]), "table": "holding",
                "function": 6 if is_write else 3, "address": source.randrange(0, 1000),
                "count": source.randrange(1, 20), "tlsVersion": "1.3", "postQuantum": False,
            }
            if is_write:
                context.update(minimumValue=0, maximumValue=source.randrange(0, 9000))
            out.append({
                "principal": principal, "action": uid("Action", source.choice(WRITES if is_write else READS)),
                "resource": resource, "context": context})
        return out

    def _below(self):
        """The people and services of each group, and the devices and points of each zone and device."""
        above = {text(entity["uid"]): entity["parents"] for entity in self.entities}
        members, inside = {}, {}
        for found, entities in ((members, self.users + self.services), (inside, self.assets + self.points)):
            for entity in entities:
                seen, rest = set(), list(above[text(entity)])
                while rest:
                    parent = rest.pop()
                    if text(parent) not in seen:
                        seen.add(text(parent))
                        rest += above[text(parent)]
                for name in sorted(seen):
                    found.setdefault(name, []).append(entity)
        return members, inside


def _extension(function, argument):
    return {"__extn": {"fn": function, "arg": argument}}


#: Permits what the HTTP scenarios ask for.
WEB_POLICY = """
@id("web-load")
permit (principal == Client::"127.0.0.1", action in Action::"http:read", resource in Route::"api")
when { context.path like "/api/*" && context.sourceAddress.isLoopback() };
"""


def write(folder, count, plant=None, web=False):
    """Writes the three files; returns their paths. `web`: for a gate, which knows the actions itself, and with a policy for
    the requests of the HTTP scenarios."""
    plant = plant or Plant()
    os.makedirs(folder, exist_ok=True)
    paths = [os.path.join(folder, name) for name in ("policies.cedar", "entities.json", "requests.json")]
    policies, subjects = plant.policies(count)
    entities = [entity for entity in plant.entities if not web or entity["uid"]["type"] != "Action"]
    contents = [policies + (WEB_POLICY if web else ""), json.dumps(entities), json.dumps(plant.requests(subjects))]
    for path, content in zip(paths, contents):
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
    return paths


if __name__ == "__main__":
    print("\n".join(write(sys.argv[1], int(sys.argv[2]))))
