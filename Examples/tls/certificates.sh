#!/bin/sh
# Makes the certificates that sluice.yaml names, below ./pki, with a small authority of their own.
#   ./certificates.sh
# SLUICE is the binary; `sluice` unless said.
set -eu

cd "$(dirname "$0")"
sluice=${SLUICE:-sluice}
[ ! -e pki ] || {
  echo "pki is there already; remove it to begin anew" >&2
  exit 1
}
"$sluice" pki init --name "Example CA" --permit-dns plant.example --permit-spiffe plant.example
"$sluice" pki issue gate --server --dns gate.plant.example
"$sluice" pki issue engineering --server --dns engineering.plant.example
"$sluice" pki issue historian --server --dns historian.plant.example
"$sluice" pki issue machine --server --dns machine.plant.example
"$sluice" pki issue sluice --client --spiffe spiffe://plant.example/sluice
"$sluice" pki issue ann --client --spiffe spiffe://plant.example/ann --modbus-role operator --days 90
