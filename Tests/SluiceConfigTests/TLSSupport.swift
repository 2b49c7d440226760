import SluiceConfig
import SluiceModel

/// Files that the configurations of the TLS suites name.
let tlsFiles: [String: String] = [
  "leaf.pem": TestPEM.leaf, "leaf.key": TestPEM.leafKey, "full.pem": TestPEM.leaf + TestPEM.authority,
  "reversed.pem": TestPEM.authority + TestPEM.leaf, "stranger.pem": TestPEM.leaf + TestPEM.otherAuthority,
  "encrypted.key": TestPEM.encryptedLeafKey, "other.key": TestPEM.otherKey,
  "two.key": TestPEM.leafKey + TestPEM.otherKey, "ca.pem": TestPEM.authority,
  "both.pem": TestPEM.authority + TestPEM.otherAuthority, "ca.crl": TestPEM.revocationList,
  "other.crl": TestPEM.otherRevocationList, "text.pem": "just text\n",
  "torn.pem": "-----BEGIN CERTIFICATE-----\nMIIB*\n-----END CERTIFICATE-----\n",
  "open.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n",
  "garbage.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
]

/// A well https listener around keys of its `tls`, which begin on line 7, column 7.
func httpsListener(_ keys: String, certificates: String = "{ chain: leaf.pem, key: leaf.key }") -> String {
  """
  listeners:
    - name: web
      address: 127.0.0.1:443
      protocol: https
      tls:
        certificates: [\(certificates)]
        \(keys)
  routes: [{ name: r, respond: {} }]
  """
}

/// A well pool around keys of its `tls`, which begin on line 5, column 12.
func tlsPool(_ keys: String) -> String {
  """
  listeners: [{ name: t, address: 127.0.0.1:1, protocol: tcp, pool: p }]
  pools:
    - name: p
      endpoints: [127.0.0.1:2]
      tls: { \(keys) }
  """
}

func tlsErrors(_ text: String) -> [String] { errors(text, files: tlsFiles) }

func tlsLoad(_ text: String) throws -> LoadedConfiguration { try load(text, files: tlsFiles) }

/// Where it stands in the file `sluice.yaml`, what is wrong, and what to do.
func issue(_ place: String, _ message: String, _ hint: String? = nil) -> [String] {
  ["sluice.yaml:\(place): \(message)" + (hint.map { "\n  hint: \($0)" } ?? "")]
}
