package import SluiceModel

extension ObjectSchema where Root == Configuration {
  /// The whole configuration file.
  package static let root = ObjectSchema(
    "configuration", "One file, or several by `include`.", make: { Configuration() },
    fields: [
      Field(
        "include", ValueType<String>.filePath.list(0...ConfigurationLimits.files), get: { _ in nil }, set: { _, _ in },
        absence: "none",
        """
        More files, by path or by a glob in the last part of it (`conf.d/*.yaml`), relative to the file that names \
        them. Lists of all files are joined; every other key may stand in one file only.
        """),
      Field("admin", \.admin, .object(.admin), "The admin API's own listener."),
      Field("runtime", \.runtime, .object(.runtime), "Event loops, and how the gateway stops."),
      Field("logs", \.logs, .object(.logs), "What is written, and where."),
      Field("listeners", \.listeners, ValueType.object(.listener).list(), "Where clients connect."),
      Field("pools", \.pools, ValueType.object(.pool).list(), "Groups of endpoints that requests are forwarded to."),
      Field("routes", \.routes, ValueType.object(.route).list(), "Which HTTP request goes where."),
      Field("assets", \.assets, ValueType.object(.asset).list(), "Industrial devices behind `modbus` listeners."),
      Field("zones", \.zones, ValueType.object(.zone).list(), "Zones of the plant (IEC 62443)."),
      Field(
        "policies", \.policies, ValueType<FilePattern>.filePattern.list(),
        """
        Files of policies that `access` filters ask, by path or by a glob in the last part of it, relative to the file \
        that names them: Cedar, as text or in its JSON form.
        """),
      Field(
        "entities", \.entities, ValueType<FilePattern>.filePattern.list(),
        """
        Files that say more of who and what policies speak of: groups and their members, attributes, tags. Cedar's JSON \
        form of entities, named like `policies`.
        """),
      Field(
        "acme", \.acme, optional: .object(.acme), absence: "none",
        "Certificates that the gate orders and renews by itself."),
    ])
}
