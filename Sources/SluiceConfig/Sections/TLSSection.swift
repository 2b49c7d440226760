import PKI
import SluiceModel

extension ObjectSchema where Root == ListenerTLSConfiguration {
  static let listenerTLS = ObjectSchema(
    "TLS section", "How TLS is spoken with clients.", make: { ListenerTLSConfiguration() },
    fields: [
      Field(
        "certificates", \.certificates, ValueType<CertificateSource>.certificate.list(1...1_000), required: true,
        """
        Chosen by the server name that the client asks for, from the names in them; an ECDSA and an RSA certificate for \
        one name stand side by side. The first is the default.
        """),
      Field("minimumVersion", \.policy.minimumVersion, .tlsVersion, "The oldest version of TLS that is spoken."),
      Field("groups", \.policy.groups, .tlsGroups, groupsSummary),
      Field("clients", \.policy.clients, .object(.clientCertificates), "What is asked of clients' certificates."),
      Field(
        "names", \.names, ValueType.object(.namedTLSPolicy).list(0...1_000),
        "Another policy for some server names. What a name's entry leaves out has its default, not the listener's value."
      ),
      Field(
        "unknownNames", \.unknownNames, .choice(),
        """
        What happens with a server name that no certificate is for: `allow` shows the default certificate, `refuse` ends \
        the handshake.
        """),
      Field(
        "handshakeTimeout", \.handshakeTimeout, .duration(.milliseconds(100), .minutes(5)),
        "From the start of the connection to the end of the handshake."),
      Field(
        "concurrentHandshakes", \.concurrentHandshakes, .integer(1...1_000_000),
        "Handshakes under way at once, of all clients; past it a new connection is closed."),
      Field(
        "handshakesPerSecond", \.handshakesPerSecond, .integer(1...1_000_000, or: "unlimited", meaning: .max),
        "Handshakes that one address may begin in a second, with as many again in a burst."),
    ],
    check: { tls, context in
      var seen: Set<String> = []
      for (index, name) in tls.names.enumerated() where !seen.insert(name.host).inserted {
        context.error(
          "name `\(name.host)` has two policies", hint: "put them together",
          path: context.path + ".names[\(index)].host")
      }
    })

  fileprivate static let groupsSummary = """
    Key exchange: `hybrid-preferred` is post-quantum (X25519MLKEM768) with everyone who can, `hybrid-required` refuses \
    the others, a list names the groups that are used.
    """
}

extension ObjectSchema where Root == NamedTLSPolicy {
  fileprivate static let namedTLSPolicy = ObjectSchema(
    "name policy", "TLS for clients that ask for a name.", make: { NamedTLSPolicy() },
    fields: [
      Field(
        "host", \.host, .host(wildcard: true), required: true, "The name, or `*.` and a suffix for one label more."),
      Field("minimumVersion", \.policy.minimumVersion, .tlsVersion, "The oldest version of TLS that is spoken."),
      Field("groups", \.policy.groups, .tlsGroups, ObjectSchema<ListenerTLSConfiguration>.groupsSummary),
      Field("clients", \.policy.clients, .object(.clientCertificates), "What is asked of clients' certificates."),
    ])
}

extension ObjectSchema where Root == ClientCertificateConfiguration {
  fileprivate static let clientCertificates = ObjectSchema(
    "client certificate section", "What is asked of clients' certificates.",
    make: { ClientCertificateConfiguration() },
    fields: [
      Field(
        "verify", \.verify, .choice(),
        "`required` refuses clients without a good certificate, `optional` those with a bad one."),
      Field(
        "ca", \.ca, optional: .authorities, absence: "none",
        "A PEM file of the authorities whose certificates are taken."),
      Field(
        "crl", \.crl, optional: .revocationLists, absence: "none",
        """
        A PEM file of those authorities' revocation lists. A certificate that is revoked, or whose list is out of date, \
        is refused, also when its session is resumed.
        """),
    ],
    check: { clients, context in
      if clients.verify != .off, clients.ca == nil {
        context.error(
          "`verify: \(clients.verify.rawValue)` needs `ca`", hint: "name the file of the authorities to believe",
          path: context.path)
      }
      for (key, file) in [("ca", clients.ca), ("crl", clients.crl)] where clients.verify == .off && file != nil {
        context.error(
          "`\(key)` has no effect with `verify: off`", hint: "write `verify: required` or `verify: optional`",
          path: "\(context.path).\(key)")
      }
      guard let list = clients.crl, let ca = clients.ca, !context.source.leavesFilesUnread else { return }
      do throws(PKIError) {
        _ = try RevocationSet(PEM.revocationLists(list.bytes), issuers: PEM.certificates(ca.bytes))
      } catch {
        context.error("`\(printable(list.path))`: \(error)", hint: error.hint, path: context.path + ".crl")
      }
    })
}

extension ObjectSchema where Root == UpstreamTLSConfiguration {
  static let upstreamTLS = ObjectSchema(
    "upstream TLS section", "How TLS is spoken with a server.", make: { UpstreamTLSConfiguration() },
    fields: [
      Field(
        "ca", \.ca, optional: .authorities, absence: "the system's",
        "A PEM file of the authorities that are believed."),
      Field(
        "serverName", \.serverName, optional: .host(wildcard: false), absence: "its address",
        "The name that is asked for, and that its certificate must be for."),
      Field(
        "verify", \.verify, .choice(),
        """
        `full` verifies the chain and the name, `chain` the chain alone, `pins` only that the certificate is one of the \
        pinned ones.
        """),
      Field(
        "pins", \.pins, ValueType<String>.pin.list(0...64),
        """
        What the certificate must be one of: public keys as `sha256/` and Base64 (RFC 7469), or certificates by their \
        SHA-256 fingerprint.
        """),
      Field(
        "certificate", \.certificate, optional: .certificate, absence: "none",
        "The gate's own certificate for this server."),
      Field("minimumVersion", \.minimumVersion, .tlsVersion, "The oldest version of TLS that is spoken."),
      Field("groups", \.groups, .tlsGroups, ObjectSchema<ListenerTLSConfiguration>.groupsSummary),
    ],
    check: { tls, context in
      if let name = tls.serverName, IPAddress(name) != nil {
        context.error(
          "`serverName` is an address", hint: "leave it out: without it the endpoint's address is verified",
          path: context.path + ".serverName")
      }
      guard tls.verify == .pins, tls.pins.isEmpty else { return }
      context.error(
        "`verify: pins` needs `pins`", hint: "`sluice pki show CERTIFICATE` prints a certificate's pin",
        path: context.path)
    })
}

extension ValueType where Value == TLSVersion {
  fileprivate static var tlsVersion: ValueType {
    .scalar(
      .choice(["1.2", "1.3"]),
      parse: { text throws(ScalarProblem) in
        switch text {
        case "1.2": return .tls12
        case "1.3": return .tls13
        case "1.0", "1.1":
          throw ScalarProblem("TLS \(text) is broken and is not spoken", hint: "write `\"1.2\"` or `\"1.3\"`")
        default: throw ScalarProblem("unknown version \(quoted(text))", hint: "write `\"1.2\"` or `\"1.3\"`")
        }
      }, encode: { .string("\($0)") })
  }
}

extension ValueType where Value == TLSGroup {
  fileprivate static var tlsGroup: ValueType {
    let names = TLSGroup.supported.map(\.name)
    return .scalar(
      .choice(names),
      parse: { text throws(ScalarProblem) in
        if let found = TLSGroup.supported.first(where: { $0.name == text }) { return found.group }
        throw ScalarProblem("unknown group \(quoted(text))", hint: "known are \(enumerated(names, "and"))")
      }, encode: { .string("\($0)") })
  }
}

extension ValueType where Value == TLSGroupPolicy {
  fileprivate static var tlsGroups: ValueType {
    let words = ["hybrid-preferred", "hybrid-required"]
    let list = ValueType<TLSGroup>.tlsGroup.list(1...8)
    return ValueType(
      .either([.choice(words), list.shape]),
      decode: { node, context in
        if case .sequence = node.content { return distinct(list.decode(node, context), context).map { .list($0) } }
        switch context.text(node, "`hybrid-preferred`, `hybrid-required` or a list of groups") {
        case nil: return nil
        case "hybrid-preferred": return .hybridPreferred
        case "hybrid-required": return .hybridRequired
        case let text?:
          context.error(
            "unknown value \(quoted(text))", hint: "write \(enumerated(words)) or a list such as `[X25519, P-256]`",
            at: node.mark)
          return nil
        }
      },
      encode: { policy in
        switch policy {
        case .hybridPreferred: .string("hybrid-preferred")
        case .hybridRequired: .string("hybrid-required")
        case .list(let groups): list.encode(groups)
        }
      })
  }

  private static func distinct(_ groups: [TLSGroup]?, _ context: DecodingContext) -> [TLSGroup]? {
    var seen: Set<TLSGroup> = []
    for (index, group) in (groups ?? []).enumerated() where !seen.insert(group).inserted {
      context.error("group `\(group)` stands twice in the list", path: "\(context.path)[\(index)]")
    }
    return groups
  }
}

extension ValueType where Value == String {
  fileprivate static var pin: ValueType {
    .text("pin") { text throws(ScalarProblem) in
      do throws(PKIError) {
        _ = try CertificatePin(text)
      } catch {
        throw ScalarProblem("\(quoted(text)) is no pin", hint: error.hint)
      }
      return text
    }
  }
}

extension ValueType where Value == FileContent {
  /// A PEM file, read with the configuration and looked through by `check`.
  private static func pem(
    _ kind: String, _ check: @escaping @Sendable ([UInt8]) throws(PKIError) -> Void
  ) -> ValueType {
    ValueType(
      ValueType<String>.filePath.shape,
      decode: { node, context in
        guard let path = ValueType<String>.filePath.decode(node, context) else { return nil }
        if context.source.leavesFilesUnread { return FileContent(path: path, bytes: []) }
        guard let (bytes, _) = context.open(path, from: node.mark)
        else { return nil }
        do throws(PKIError) {
          try check(bytes)
        } catch {
          context.error("\(kind) `\(printable(path))`: \(error)", hint: error.hint, at: node.mark)
          return nil
        }
        return FileContent(path: path, bytes: bytes)
      }, encode: { .string(Expansion.escape($0.path)) })
  }

  fileprivate static var chain: ValueType {
    pem("certificate chain") { bytes throws(PKIError) in _ = try PEM.chain(bytes) }
  }

  fileprivate static var privateKey: ValueType {
    pem("private key") { bytes throws(PKIError) in _ = try PEM.privateKey(bytes) }
  }

  fileprivate static var authorities: ValueType {
    pem("authorities") { bytes throws(PKIError) in _ = try PEM.certificates(bytes) }
  }

  fileprivate static var revocationLists: ValueType {
    pem("revocation list") { bytes throws(PKIError) in _ = try PEM.revocationLists(bytes) }
  }
}

/// What a certificate's entry says, before it is known to be whole.
private struct CertificateEntry: Sendable {
  var chain: FileContent?
  var key: FileContent?
  var acme: String?

  static let schema = ObjectSchema(
    "certificate", "A certificate and its private key.", make: { CertificateEntry() },
    fields: [
      Field(
        "chain", \.chain, optional: .chain, absence: "none",
        "A PEM file: the certificate, then those that lead to its authority."),
      Field("key", \.key, optional: .privateKey, absence: "none", "A PEM file: its private key, not encrypted."),
      Field(
        "acme", \.acme, optional: .host(wildcard: false), absence: "none",
        "Instead of both: the certificate with this first name in `acme`."),
    ], exactlyOne: ["chain", "acme"],
    check: { entry, context in
      guard let chain = entry.chain else {
        guard entry.key != nil else { return }
        return context.error(
          "`key` can't stand beside `acme`", hint: "a certificate of `acme` comes with its key",
          path: context.path + ".key")
      }
      guard let key = entry.key else {
        return context.error(
          "a chain needs its `key`", hint: "name the PEM file of the private key", path: context.path)
      }
      guard let leaf = try? PEM.chain(chain.bytes).first, let file = try? PEM.privateKey(key.bytes) else { return }
      if !isUsable(leaf.publicKeyAlgorithm) {
        context.error(
          "the key of `\(printable(chain.path))` is of the kind \(leaf.publicKeyAlgorithm), which can't be used",
          hint: "use ECDSA P-256 or P-384, or RSA with 2048 to 8192 bits", path: context.path + ".chain")
      }
      if file.belongs(to: leaf) == false {
        context.error(
          "the key `\(printable(key.path))` is not that of the certificate `\(printable(chain.path))`",
          hint: "was one of them renewed without the other?", path: context.path + ".key")
      }
    })

  /// Whether the gate can shake hands with such a key.
  private static func isUsable(_ algorithm: String) -> Bool {
    if algorithm.hasPrefix("RSA "), let bits = Int(algorithm.dropFirst(4)) { return (2_048...8_192).contains(bits) }
    return algorithm == "ECDSA P-256" || algorithm == "ECDSA P-384"
  }
}

extension ValueType where Value == CertificateSource {
  static var certificate: ValueType {
    ValueType<CertificateEntry>.object(CertificateEntry.schema).map { entry in
      if let name = entry.acme { return .acme(name) }
      guard let chain = entry.chain, let key = entry.key else { return nil }
      return .files(chain: chain, key: key)
    } back: { source in
      switch source {
      case .acme(let name): CertificateEntry(acme: name)
      case .files(let chain, let key): CertificateEntry(chain: chain, key: key)
      }
    }
  }
}
