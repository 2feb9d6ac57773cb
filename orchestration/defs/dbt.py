"""Every dbt model as an asset and every dbt test as a check, built by one dbt run in this process."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from ingestion.vault import Vault
from orchestration import dbt, progress
from orchestration.catalogue import controls
from orchestration.defs import COMPLIANCE, ENGINEERS
from orchestration.warehouse import register_raw
from orchestration.workspace import find

workspace = find()
manifest: dict[str, Any] = json.loads(dbt.parse(workspace).read_text(encoding="utf-8"))
_controls = {control.control_id: control for control in controls(workspace.project)}
_categories = {control.category for control in _controls.values()}


class Translator(DagsterDbtTranslator):
    """Groups are the categories; a mart says in plain words which question it answers."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The category of a control's models; else the layer."""
        layer, *folders = dbt_resource_props["fqn"][1:-1] or ["dbt"]
        if dbt_resource_props["resource_type"] == "seed":
            return "catalogue"
        return folders[0] if folders and folders[0] in _categories else str(layer)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        """Compliance for the catalogue and for what is handed out, the engineers for the layers below."""
        layer = dbt_resource_props["fqn"][1]
        seed = dbt_resource_props["resource_type"] == "seed"
        return COMPLIANCE if seed or layer in {"marts", "exceptions", "reporting"} else ENGINEERS

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The control's question and statement before the model's own description."""
        control = _controls.get(str(dbt_resource_props.get("config", {}).get("meta", {}).get("control_id", "")))
        own = str(dbt_resource_props.get("description") or "")
        return f"**{control.question}** {control.statement}\n\n{own}" if control else own

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Control id, category and SOC 2 criteria."""
        control = _controls.get(str(dbt_resource_props.get("config", {}).get("meta", {}).get("control_id", "")))
        if control is None:
            return {}
        return {
            "control": control.control_id,
            "category": control.category,
            "soc2": control.soc2_criteria.replace(";", "_"),
        }


translator = Translator(settings=DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))


@dbt_assets(manifest=manifest, dagster_dbt_translator=translator, name="dbt_build", pool="duckdb_writer")
def dbt_build(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Register the vault's committed files, then seeds, models and tests in one run of dbt."""
    with duckdb.connect(str(workspace.warehouse)) as connection:
        register_raw(connection, Vault(str(workspace.vault)))
    results = dbt.build(workspace, progress.built)
    selected, selected_checks = context.selected_asset_keys, context.selected_asset_check_keys
    for result in results:
        if result.resource_type in {"model", "seed"}:
            key = translator.get_asset_spec(manifest, result.unique_id, None).key
            if result.ok and key in selected:
                yield dg.MaterializeResult(asset_key=key, metadata={"seconds": result.seconds})
        elif (
            check := get_asset_check_key_for_test(manifest, translator, result.unique_id, None)
        ) and check in selected_checks:
            yield dg.AssetCheckResult(
                asset_key=check.asset_key, check_name=check.name, passed=result.ok, metadata={"rows": result.failures}
            )
    broken = [
        f"{result.unique_id}: {result.message}" for result in results if not result.ok and result.status != "skipped"
    ]
    if broken:
        raise dg.Failure(description="\n".join(["dbt found the evidence broken:", *broken[:10]]), allow_retries=False)


defs = dg.Definitions(assets=[dbt_build])
