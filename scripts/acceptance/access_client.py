"""Requests and operations under policies.

access_client.py write PORT REGISTER VALUE   one write; prints the exception's code, 0 when there was none
access_client.py read PORT REGISTER          one read, likewise
access_client.py traffic WEB PLC             PUT and GET on one kept connection, a write and a read on another, over and
                                             over until SIGTERM: a line for each round with both statuses and both
                                             exceptions; ends with 1 when an answer is none that policies explain
"""

import http.client
import signal
import sys

from pymodbus.client import ModbusTcpClient


def modbus(port):
  client = ModbusTcpClient("127.0.0.1", port=int(port), timeout=3, retries=0)
  if not client.connect():
    sys.exit("no connection")
  return client


def exception(answer):
  return answer.exception_code if answer.isError() else 0


def traffic(web, plc):
  ended = []
  signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
  connection = http.client.HTTPConnection("127.0.0.1", int(web), timeout=5)
  client = modbus(plc)
  connection.connect()
  socket = connection.sock

  def ask(method):
    # Without a body: a refusal that comes before the body has arrived ends the connection.
    connection.request(method, "/recipes/7")
    reply = connection.getresponse()
    reply.read()
    return reply.status

  while not ended:
    put, get = ask("PUT"), ask("GET")
    write = exception(client.write_register(100, 1234))
    read = exception(client.read_holding_registers(100, count=2))
    print(put, get, write, read, flush=True)
    if put not in (200, 403) or write not in (0, 1) or (get, read) != (200, 0):
      sys.exit("an answer that no policy explains")
    if connection.sock is not socket:
      sys.exit("the connection was closed")
  client.close()


def main():
  mode, *arguments = sys.argv[1:]
  if mode == "traffic":
    return traffic(*arguments)
  client = modbus(arguments[0])
  if mode == "write":
    print(exception(client.write_register(int(arguments[1]), int(arguments[2]))))
  else:
    print(exception(client.read_holding_registers(int(arguments[1]), count=1)))
  client.close()


main()
