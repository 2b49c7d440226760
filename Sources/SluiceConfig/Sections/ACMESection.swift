import SluiceModel

extension ObjectSchema where Root == ACMEConfiguration {
  static let acme = ObjectSchema(
    "ACME section", "Certificates that the gate orders and renews by itself (RFC 8555).", make: { ACMEConfiguration() },
    fields: [
      Field(
        "directory", \.directory,
        .text("URL", pattern: "^https?://") { text throws(ScalarProblem) in
          guard text.hasPrefix("https://") || text.hasPrefix("http://"), text.utf8.count <= 2_048 else {
            throw ScalarProblem("\(quoted(text)) is no URL", hint: "write `https://…`")
          }
          return text
        }, "The ACME server's directory; `http` on a loopback address only."),
      Field(
        "contact", \.contact,
        ValueType<String>.text("mailto URL", pattern: "^mailto:") { text throws(ScalarProblem) in
          guard text.hasPrefix("mailto:"), text.contains("@"), text.utf8.count <= 320 else {
            throw ScalarProblem("\(quoted(text)) is no mail address", hint: "write `mailto:ot@plant.example`")
          }
          return text
        }.list(0...16), "Whom the server may write to."),
      Field(
        "termsOfServiceAgreed", \.termsOfServiceAgreed, .boolean,
        "Whether you agree to the terms of service that the server's directory names."),
      Field("state", \.state, .filePath, "The folder of keys and certificates; made with mode 0700."),
      Field(
        "ca", \.ca, optional: .filePath, absence: "the system's",
        "A PEM file of the authorities that vouch for the ACME server itself."),
      Field(
        "externalAccount", \.externalAccount, optional: .object(.externalAccount), absence: "none",
        "The account at the server's operator that this one is bound to."),
      Field(
        "certificates", \.certificates, ValueType.object(.acmeCertificate).list(1...256), required: true,
        "The certificates to keep."),
    ])
}

extension ObjectSchema where Root == ACMEExternalAccount {
  fileprivate static let externalAccount = ObjectSchema(
    "external account", "What binds the account to one at the operator.",
    make: { ACMEExternalAccount(keyID: "", key: Secret("")) },
    fields: [
      Field(
        "keyID", \.keyID, .text("key id") { text throws(ScalarProblem) in text }, required: true,
        "The id that the operator gave out."),
      Field("key", \.key, .secret, required: true, "The HMAC key in base64url; `file:PATH` reads it from a file."),
    ])
}

extension ObjectSchema where Root == ACMECertificateConfiguration {
  fileprivate static let acmeCertificate = ObjectSchema(
    "ACME certificate", "One certificate.", make: { ACMECertificateConfiguration(names: []) },
    fields: [
      Field(
        "names", \.names, ValueType<String>.host(wildcard: false).list(1...100), required: true,
        "The names that it is for; the first is what listeners call it."),
      Field("challenge", \.challenge, .choice(), "How the names are proved: on port 80 or on port 443."),
    ])
}
