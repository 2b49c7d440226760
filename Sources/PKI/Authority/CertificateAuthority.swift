import SluiceModel

/// What a new authority is to be.
public struct AuthorityRequest: Sendable {
  public var name: String
  public var organization: String?
  public var curve: SigningKey.Curve
  public var constraints: NameConstraints
  public var days: Int
  /// How long a revocation list counts.
  public var listDays: Int

  public init(
    name: String, organization: String? = nil, curve: SigningKey.Curve = .p256,
    constraints: NameConstraints = NameConstraints(), days: Int = 3650, listDays: Int = 30
  ) {
    self.name = name
    self.organization = organization
    self.curve = curve
    self.constraints = constraints
    self.days = days
    self.listDays = listDays
  }
}

/// A certificate to issue.
public struct IssueRequest: Sendable {
  /// The common name, and the name of the files.
  public var name: String
  public var purposes: Set<CertificatePurpose>
  public var names: CertificateNames
  public var modbusRole: String?
  /// Nil: a year, or as long as the authority if that is shorter.
  public var days: Int?
  public var curve: SigningKey.Curve
  /// Certifies this request's key instead of making one.
  public var request: CertificateRequest?
  /// Replaces the files of an earlier certificate of the same name.
  public var replaces: Bool

  public init(
    name: String, purposes: Set<CertificatePurpose>, names: CertificateNames, modbusRole: String? = nil,
    days: Int? = nil, curve: SigningKey.Curve = .p256, request: CertificateRequest? = nil, replaces: Bool = false
  ) {
    self.name = name
    self.purposes = purposes
    self.names = names
    self.modbusRole = modbusRole
    self.days = days
    self.curve = curve
    self.request = request
    self.replaces = replaces
  }
}

/// What was issued and where it is.
public struct IssueResult: Sendable, Equatable {
  public var certificate: IssuedCertificate
  public var certificatePath: String
  /// The certificate with the authority's after it.
  public var chainPath: String
  /// Nil when a request's key was certified.
  public var keyPath: String?
}

/// A small certificate authority in a directory: `ca.pem`, `ca.key`, `crl.pem`, `index.jsonl` and what it issued in
/// `issued/`. Time and randomness are handed in; keys come from the system's random source.
public struct CertificateAuthority: Sendable {
  /// Clocks of others may be behind: what is issued counts from this long ago.
  static let backdatedSeconds: Int64 = 300
  static let daySeconds: Int64 = 86_400
  public static let maximumDays = 36_500

  public let directory: String
  public let certificate: CertificateFacts
  public let constraints: NameConstraints
  private let key: SigningKey
  private var files: AuthorityFiles { AuthorityFiles(directory: directory) }

  // MARK: Create and open

  /// Makes a self-signed authority that may sign end certificates only.
  ///
  /// - Parameters:
  ///   - directory: made when missing, readable by its owner only.
  ///   - now: seconds since the Unix epoch.
  ///   - random: that many random bytes.
  /// - Throws: when there is an authority already, a name or a number isn't right, or a file can't be written.
  public static func create(
    at directory: String, _ request: AuthorityRequest, now: Int64, random: (Int) -> [UInt8]
  ) throws(PKIError) -> CertificateAuthority {
    try checkText(request.name, "name", maximum: 64)
    if let organization = request.organization { try checkText(organization, "organization", maximum: 64) }
    try checkDays(request.days)
    try checkDays(request.listDays)
    let files = AuthorityFiles(directory: directory)
    try files.make("issued")
    return try files.locked { () throws(PKIError) in
      guard !files.exists("ca.pem") else {
        throw PKIError("there is an authority in `\(directory)` already", hint: "give another directory with --pki")
      }
      let key = SigningKey(request.curve)
      let name = CertificateTemplate.name(request.name, organization: request.organization)
      let identifier = CertificateTemplate.keyIdentifier(key.publicKeyDER)
      var extensions = [
        CertificateTemplate.standard(
          0x13, isCritical: true,
          DERWriter.sequence(DERWriter.element(DERReader.Tag.boolean, [0xff]), DERWriter.integer(0))),
        CertificateTemplate.keyUsage([.certificateSign, .revocationListSign]),
        CertificateTemplate.subjectKey(identifier), CertificateTemplate.authorityKey(identifier),
      ]
      if !request.constraints.isEmpty {
        extensions.append(CertificateTemplate.standard(0x1e, isCritical: true, request.constraints.encoded()))
      }
      let template = CertificateTemplate(
        serial: serialNumber(random), issuerDER: name, subjectDER: name, notBefore: now - backdatedSeconds,
        notAfter: now + Int64(request.days) * daySeconds, publicKeyDER: key.publicKeyDER, extensions: extensions)
      let facts = try CertificateFacts(der: try template.signed(by: key))
      let authority = CertificateAuthority(
        directory: directory, certificate: facts, constraints: request.constraints, key: key)
      try files.replace("ca.key", key.pem())
      var index = AuthorityIndex(listDays: request.listDays)
      try authority.publish(&index, now: now)
      try files.replace("ca.pem", Array(PEM.text(label: "CERTIFICATE", der: facts.der).utf8), mode: 0o644)
      return authority
    }
  }

  private init(directory: String, certificate: CertificateFacts, constraints: NameConstraints, key: SigningKey) {
    self.directory = directory
    self.certificate = certificate
    self.constraints = constraints
    self.key = key
  }

  /// Opens the authority of a directory.
  ///
  /// - Throws: when there is none, its key can be read by others, or key and certificate don't belong together.
  public init(at directory: String) throws(PKIError) {
    let files = AuthorityFiles(directory: directory)
    guard files.exists("ca.pem") else {
      throw PKIError("no authority in `\(directory)`", hint: "make one: sluice pki init --name \"Plant CA\"")
    }
    let facts = try Self.named("ca.pem") { () throws(PKIError) in
      try PEM.certificates(try files.read("ca.pem", maximum: 1 << 20), maximum: 1)
    }
    let file = try Self.named("ca.key") { () throws(PKIError) in
      try PEM.privateKey(try files.read("ca.key", maximum: 1 << 20, isSecret: true))
    }
    guard let certificate = facts.first, certificate.isCA, file.belongs(to: certificate) == true else {
      throw PKIError("`ca.key` isn't the key of `ca.pem`, or `ca.pem` isn't an authority's certificate")
    }
    self.init(
      directory: directory, certificate: certificate,
      constraints: try certificate.nameConstraints() ?? NameConstraints(), key: try SigningKey(file))
  }

  private static func named<Result>(
    _ name: String, _ work: () throws(PKIError) -> Result
  ) throws(PKIError) -> Result {
    do throws(PKIError) {
      return try work()
    } catch {
      throw PKIError("`\(name)`, \(error)", hint: error.hint)
    }
  }

  // MARK: Issue

  /// Issues one certificate and writes its files. The index knows the certificate before its files are there.
  ///
  /// - Throws: when a name isn't right or outside the constraints, files of that name are there, or one can't be written.
  public func issue(_ request: IssueRequest, now: Int64, random: (Int) -> [UInt8]) throws(PKIError) -> IssueResult {
    try check(request)
    let validity = try validity(days: request.days, now)
    return try files.locked { () throws(PKIError) in
      var index = try readIndex()
      guard index.certificates.count < AuthorityIndex.maximumCertificates else {
        throw PKIError("the authority has issued \(AuthorityIndex.maximumCertificates) certificates, as many as it may")
      }
      let base = "issued/" + request.name
      if !request.replaces, files.exists(base + ".pem") || files.exists(base + ".key") {
        throw PKIError(
          "there are files of `\(request.name)` already", hint: "give another name, or --force to replace them")
      }
      if request.request != nil, files.exists(base + ".key") {
        throw PKIError(
          "`\(files.path(base + ".key"))` is the key of an earlier certificate",
          hint: "the request has a key of its own: take the old file away, or give another name")
      }
      let newKey = request.request == nil ? SigningKey(request.curve) : nil
      let publicKey = request.request?.publicKeyDER ?? newKey?.publicKeyDER ?? []
      let der = try template(request, publicKey, validity, Self.serialNumber(random)).signed(by: key)
      let facts = try CertificateFacts(der: der)
      let issued = IssuedCertificate(
        serial: facts.identity.serialNumber, name: request.name,
        purposes: CertificatePurpose.allCases.filter(request.purposes.contains), names: request.names.texts,
        modbusRole: request.modbusRole, notBefore: validity.lowerBound, notAfter: validity.upperBound,
        fingerprint: facts.identity.fingerprint)
      index.certificates.append(issued)
      try files.replace("index.jsonl", try index.text())
      let text = PEM.text(label: "CERTIFICATE", der: der)
      if let newKey { try files.replace(base + ".key", newKey.pem()) }
      try files.replace(base + "-chain.pem", Array((text + authorityText).utf8), mode: 0o644)
      try files.replace(base + ".pem", Array(text.utf8), mode: 0o644)
      return IssueResult(
        certificate: issued, certificatePath: files.path(base + ".pem"), chainPath: files.path(base + "-chain.pem"),
        keyPath: newKey == nil ? nil : files.path(base + ".key"))
    }
  }

  private var authorityText: String { PEM.text(label: "CERTIFICATE", der: certificate.der) }

  private func template(
    _ request: IssueRequest, _ publicKey: [UInt8], _ validity: ClosedRange<Int64>, _ serial: [UInt8]
  ) -> CertificateTemplate {
    // X.509-SVID, 4.4: with a SPIFFE id both usages are set.
    let isSVID = !request.names.spiffe.isEmpty
    var extensions = [
      CertificateTemplate.standard(0x13, isCritical: true, DERWriter.sequence()),
      CertificateTemplate.keyUsage(.digitalSignature),
      CertificateTemplate.extendedUsage(
        server: isSVID || request.purposes.contains(.server), client: isSVID || request.purposes.contains(.client)),
      CertificateTemplate.subjectKey(CertificateTemplate.keyIdentifier(publicKey)),
      CertificateTemplate.authorityKey(keyIdentifier),
    ]
    if request.names.count > 0 { extensions.append(CertificateTemplate.standard(0x11, request.names.encoded())) }
    if let role = request.modbusRole {
      extensions.append(CertificateTemplate.field(OID.modbusRole, DERWriter.utf8(role)))
    }
    return CertificateTemplate(
      serial: serial, issuerDER: certificate.subjectDER, subjectDER: CertificateTemplate.name(request.name),
      notBefore: validity.lowerBound, notAfter: validity.upperBound, publicKeyDER: publicKey, extensions: extensions)
  }

  private var keyIdentifier: [UInt8] {
    certificate.subjectKeyIdentifier ?? CertificateTemplate.keyIdentifier(certificate.publicKeyDER)
  }

  private func check(_ request: IssueRequest) throws(PKIError) {
    let isFine = request.name.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) || "-._".utf8.contains($0)
    }
    guard isFine, (1...64).contains(request.name.utf8.count), let first = request.name.first, !"-._".contains(first),
      !request.name.hasSuffix("-chain")
    else {
      throw PKIError(
        "`\(request.name)` can't be a certificate's name",
        hint:
          "it has 1 to 64 letters, digits, `-`, `.` and `_`, begins with a letter or digit, and has no `-chain` last")
    }
    guard !request.purposes.isEmpty else { throw PKIError("a certificate is for --server, --client or both") }
    if request.purposes.contains(.server), request.names.dns.isEmpty, request.names.ip.isEmpty {
      throw PKIError("a server's certificate needs a name or an address", hint: "give --dns or --ip")
    }
    if let role = request.modbusRole { try Self.checkText(role, "modbus role", maximum: PKILimits.roleBytes) }
    if let problem = constraints.problem(with: request.names) { throw problem }
    // Without DNS names, verifiers take a common name with a dot for one.
    if request.names.dns.isEmpty, request.name.contains("."),
      let name = try? CertificateNames(dns: [request.name]), let problem = constraints.problem(with: name)
    {
      throw problem
    }
  }

  private func validity(days: Int?, _ now: Int64) throws(PKIError) -> ClosedRange<Int64> {
    let end = certificate.identity.notAfter
    guard now < end else {
      throw PKIError("the authority's certificate expired on \(CivilTime.dateText(end))", hint: "make a new authority")
    }
    let start = max(now - Self.backdatedSeconds, certificate.identity.notBefore)
    guard start < end else { throw PKIError("the authority's certificate isn't valid yet: is the clock right?") }
    guard let days else { return start...min(now + 365 * Self.daySeconds, end) }
    try Self.checkDays(days)
    let wanted = now + Int64(days) * Self.daySeconds
    guard wanted <= end else {
      throw PKIError(
        "\(days) days are longer than the authority's own certificate counts, until \(CivilTime.dateText(end))",
        hint: "give at most \((end - now) / Self.daySeconds) days")
    }
    return start...wanted
  }

  // MARK: Revoke and list

  /// Revokes a certificate by its serial number, or all valid ones of a name, and writes a new revocation list.
  ///
  /// - Returns: what was revoked now.
  /// - Throws: when nothing has that name or serial number, or all that has is revoked already.
  public func revoke(
    _ nameOrSerial: String, reason: RevocationReason, now: Int64
  ) throws(PKIError) -> [IssuedCertificate] {
    try files.locked { () throws(PKIError) in
      var index = try readIndex()
      var matching = index.certificates.indices.filter { index.certificates[$0].name == nameOrSerial }
      if matching.isEmpty, let octets = SerialNumber.octets(nameOrSerial) {
        let serial = SerialNumber.text(octets)
        matching = index.certificates.indices.filter { index.certificates[$0].serial == serial }
      }
      guard !matching.isEmpty else {
        throw PKIError(
          "no certificate has the name or serial number `\(nameOrSerial)`", hint: "see them: sluice pki list")
      }
      let open = matching.filter { index.certificates[$0].state(at: now) == .valid }
      guard !open.isEmpty else {
        throw PKIError("`\(nameOrSerial)` is revoked or expired already", hint: "see it: sluice pki list")
      }
      for position in open {
        index.certificates[position].revocation = .init(at: now, reason: reason.name)
      }
      try publish(&index, now: now)
      return open.map { index.certificates[$0] }
    }
  }

  /// Writes a new revocation list with the same entries.
  ///
  /// - Parameter days: how long it and later ones count; nil: as before.
  /// - Returns: until when it counts, in seconds since the Unix epoch.
  @discardableResult
  public func renewRevocationList(days: Int? = nil, now: Int64) throws(PKIError) -> Int64 {
    if let days { try Self.checkDays(days) }
    return try files.locked { () throws(PKIError) in
      var index = try readIndex()
      if let days { index.head.listDays = days }
      return try publish(&index, now: now)
    }
  }

  /// Writes index and list, the index first: if the list is lost, the next one has everything.
  @discardableResult
  private func publish(_ index: inout AuthorityIndex, now: Int64) throws(PKIError) -> Int64 {
    guard let number = index.head.listNumber.addingIfPossible(1) else { throw PKIError("no more list numbers") }
    index.head.listNumber = number
    var revoked: [(serial: [UInt8], at: Int64, reason: RevocationReason)] = []
    for certificate in index.certificates {
      guard let revocation = certificate.revocation else { continue }
      guard let serial = SerialNumber.octets(certificate.serial), let reason = RevocationReason(name: revocation.reason)
      else { throw PKIError("the index has a revocation of `\(certificate.name)` that can't be read") }
      revoked.append((serial, min(revocation.at, now - Self.backdatedSeconds), reason))
    }
    let next = now + Int64(index.head.listDays) * Self.daySeconds
    let template = RevocationTemplate(
      issuerDER: certificate.subjectDER, authorityKeyIdentifier: keyIdentifier, number: number,
      thisUpdate: now - Self.backdatedSeconds, nextUpdate: next, revoked: revoked)
    let der = try template.signed(by: key)
    try files.replace("index.jsonl", try index.text())
    try files.replace("crl.pem", Array(PEM.text(label: "X509 CRL", der: der).utf8), mode: 0o644)
    return next
  }

  /// All that was issued, in that order.
  public func issued() throws(PKIError) -> [IssuedCertificate] { try readIndex().certificates }

  /// The revocation list in `crl.pem`, verified.
  ///
  /// - Throws: when it is missing, not signed by this authority or older than the index.
  public func revocationList() throws(PKIError) -> RevocationList {
    let hint = "write it anew: sluice pki crl"
    guard files.exists("crl.pem") else { throw PKIError("`crl.pem` is missing", hint: hint) }
    let lists = try PEM.revocationLists(try files.read("crl.pem", maximum: PKILimits.pemFileBytes))
    guard let list = lists.first, try list.isSigned(by: certificate) else {
      throw PKIError("`crl.pem` isn't signed by this authority", hint: hint)
    }
    let number = SerialNumber.octets(String(try readIndex().head.listNumber, radix: 16))
    guard list.number == number else { throw PKIError("`crl.pem` is older than the index", hint: hint) }
    return list
  }

  private func readIndex() throws(PKIError) -> AuthorityIndex {
    try Self.named("index.jsonl") { () throws(PKIError) in
      try AuthorityIndex(try files.read("index.jsonl", maximum: AuthorityIndex.fileBytes))
    }
  }

  // MARK: Values

  /// 20 octets (RFC 5280, 4.1.2.2), the first neither zero nor negative.
  private static func serialNumber(_ random: (Int) -> [UInt8]) -> [UInt8] {
    var octets = Array(random(PKILimits.serialBytes).prefix(PKILimits.serialBytes))
    if let first = octets.first { octets[0] = first & 0x3f | 0x40 }
    return octets
  }

  private static func checkText(_ text: String, _ what: String, maximum: Int) throws(PKIError) {
    guard (1...maximum).contains(text.utf8.count), PeerRole.isPlain(text), text.first != " ", text.last != " " else {
      throw PKIError("the \(what) has 1 to \(maximum) bytes, no control characters and no space around it")
    }
  }

  private static func checkDays(_ days: Int) throws(PKIError) {
    guard (1...maximumDays).contains(days) else { throw PKIError("`\(days)` days: give 1 to \(maximumDays)") }
  }
}

extension UInt64 {
  fileprivate func addingIfPossible(_ value: UInt64) -> UInt64? {
    let (sum, overflow) = addingReportingOverflow(value)
    return overflow ? nil : sum
  }
}
