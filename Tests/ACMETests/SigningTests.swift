import ACME
import Crypto
import Foundation
import SluiceModel
import Testing

/// Signed messages, checked with other code than made them.
@Suite struct SigningTests {
  let secret = P256.Signing.PrivateKey()

  private func member(_ bytes: [UInt8], _ name: String) throws -> String {
    try #require(try JSONDecoder().decode([String: String].self, from: Data(bytes))[name])
  }

  private func decode(_ text: String) throws -> Data {
    var plain = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
    while !plain.count.isMultiple(of: 4) { plain += "=" }
    return try #require(Data(base64Encoded: plain))
  }

  @Test func signatureIsOfHeaderAndPayload() throws {
    let key = AccountKey(secret)
    let message = try key.sign(
      payload: Array(#"{"a":"?~"}"#.utf8), url: "https://ca.example/x", nonce: "n-1", account: "https://ca.example/a/1")
    let protected = try member(message, "protected")
    let payload = try member(message, "payload")
    #expect(!(protected + payload).contains { "+/=".contains($0) })
    let signature = try P256.Signing.ECDSASignature(rawRepresentation: decode(try member(message, "signature")))
    #expect(secret.publicKey.isValidSignature(signature, for: Data("\(protected).\(payload)".utf8)))
    #expect(
      String(decoding: try decode(protected), as: UTF8.self)
        == #"{"alg":"ES256","kid":"https://ca.example/a/1","nonce":"n-1","url":"https://ca.example/x"}"#)
    #expect(String(decoding: try decode(payload), as: UTF8.self) == #"{"a":"?~"}"#)
  }

  @Test func newAccountNamesItsKey() throws {
    let message = try AccountKey(secret).sign(payload: [], url: "https://ca.example/x", nonce: "n", account: nil)
    let header = try #require(
      try JSONSerialization.jsonObject(with: decode(try member(message, "protected"))) as? [String: Any])
    let jwk = try #require(header["jwk"] as? [String: String])
    #expect(header["kid"] == nil)
    #expect(jwk["kty"] == "EC" && jwk["crv"] == "P-256" && jwk.count == 4)
    let point = try decode(try #require(jwk["x"])) + decode(try #require(jwk["y"]))
    #expect(point == secret.publicKey.rawRepresentation)
  }

  /// The thumbprint of the key of RFC 7517, appendix A.1, made with Python's `hashlib`.
  @Test func thumbprintIsThatOfOthers() throws {
    let key = try P256.Signing.PrivateKey(
      rawRepresentation: decode("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"))
    #expect(key.publicKey.rawRepresentation.prefix(32) == (try decode("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4")))
    #expect(AccountKey(key).thumbprint == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s")
    #expect(AccountKey(key).keyAuthorization(for: "t") == "t.cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s")
  }
}
