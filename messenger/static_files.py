"""Static files under names that carry their content's hash, also inside ES module imports."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class HashedModuleStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites `import "./x.js"`, so that no inline import map is needed and the content policy stays strict."""

    support_js_module_import_aggregation = True
