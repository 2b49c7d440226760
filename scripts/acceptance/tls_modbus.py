"""Modbus/TCP Security with pymodbus.

tls_modbus.py client PORT KIND       one connection with client-KIND.pem: a read, and a write that must get exception
                                     01; ends with 0 when both came, 3 when the connection was refused, else 1
tls_modbus.py none PORT              the same without a client certificate
tls_modbus.py server PORT            a device over TLS that takes only clients of authority.pem
tls_modbus.py device PORT            the same device without TLS
tls_modbus.py plain PORT             reads from a listener without TLS
"""

import asyncio
import ssl
import sys

from pymodbus.client import ModbusTcpClient, ModbusTlsClient
from pymodbus.exceptions import ModbusException

REFUSED = 3


def exchange(client):
  try:
    if not client.connect():
      print("refused: no connection")
      return REFUSED
    read = client.read_holding_registers(100, count=10)
    if read.isError() or read.registers != list(range(100, 110)):
      print(f"wrong reply: {read}")
      return 1
    write = client.write_register(5, 5)
    if not write.isError() or write.exception_code != 1:
      print(f"the write was not blocked: {write}")
      return 1
    print("accepted")
    return 0
  except (ModbusException, OSError) as error:
    print(f"refused: {error}")
    return REFUSED
  finally:
    client.close()


def tls(port, certificate):
  context = ssl.create_default_context(cafile="authority.pem")
  # pymodbus asks for no name.
  context.check_hostname = False
  if certificate:
    context.load_cert_chain(certificate + ".pem", certificate + ".key")
  return exchange(ModbusTlsClient("127.0.0.1", port=port, sslctx=context, timeout=3, retries=0))


async def serve(port, secure):
  from pymodbus.server import StartAsyncTcpServer, StartAsyncTlsServer
  from pymodbus.simulator import DataType, SimData, SimDevice
  bits = [SimData(0, count=16, values=False, datatype=DataType.BITS)]
  registers = [SimData(0, values=list(range(1000)), datatype=DataType.REGISTERS)]
  device = SimDevice(1, simdata=(bits, bits, registers, registers))
  if not secure:
    await StartAsyncTcpServer([device], address=("127.0.0.1", port))
    return
  context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
  context.load_cert_chain("device.pem", "device.key")
  context.load_verify_locations("authority.pem")
  context.verify_mode = ssl.CERT_REQUIRED
  await StartAsyncTlsServer([device], address=("127.0.0.1", port), sslctx=context)


def main():
  match sys.argv[1:]:
    case ["client", port, kind]:
      sys.exit(tls(int(port), "client-" + kind))
    case ["none", port]:
      sys.exit(tls(int(port), None))
    case ["plain", port]:
      sys.exit(exchange(ModbusTcpClient("127.0.0.1", port=int(port), timeout=3, retries=0)))
    case ["server" | "device" as kind, port]:
      asyncio.run(serve(int(port), kind == "server"))
    case _:
      sys.exit(__doc__)


main()
