"""What pymodbus sees through the gate: modbus_client.py PORT. Ends with 1 and says what is wrong."""

import sys

from pymodbus.client import ModbusTcpClient


def main():
  client = ModbusTcpClient("127.0.0.1", port=int(sys.argv[1]), timeout=3, retries=0)
  if not client.connect():
    sys.exit("no connection")
  steps = [
    ("read holding registers", client.read_holding_registers(100, count=10), 0),
    ("read input registers", client.read_input_registers(0, count=4), 0),
    ("read coils", client.read_coils(0, count=8), 0),
    ("write inside the rules", client.write_register(101, 1234), 0),
    ("write several inside the rules", client.write_registers(102, [1, 2, 3]), 0),
    ("write outside the addresses", client.write_register(300, 4322), 1),
    ("write half outside the addresses", client.write_registers(118, [1, 2, 3]), 1),
    ("write outside the values", client.write_register(100, 9999), 1),
    ("write a coil", client.write_coil(1, True), 1),
    ("read of another unit", client.read_holding_registers(100, count=1, device_id=7), 1),
  ]
  wrong = 0
  for name, answer, exception in steps:
    got = answer.exception_code if answer.isError() else 0
    if got != exception:
      wrong += 1
      print(f"    {name}: exception {got}, expected {exception}")
  value = client.read_holding_registers(101, count=1).registers
  if value != [1234]:
    wrong += 1
    print(f"    register 101 is {value}")
  client.close()
  sys.exit(1 if wrong else 0)


main()
