"""Every dbt model as an asset, built and tested by one dbt run in this process."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration import collection, dbt, progress, spark
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
        """The category of a control's models; else the layer, results across controls being part of the reporting."""
        layer, *folders = dbt_resource_props["fqn"][1:-1] or ["dbt"]
        if dbt_resource_props["resource_type"] == "seed":
            return "catalogue"
        if folders == ["results"]:
            return "reporting"
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
        return f"{control.question} {control.statement}\n\n{own}" if control else own

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


# dbt's hundreds of tests of keys and joins would bury the checks that compliance staff read (expectations.py), and each
# costs as many rows of Dagster's event log as a model. They stop the run instead, and are counted on their model.
translator = Translator(settings=DagsterDbtTranslatorSettings(enable_asset_checks=False))


@dbt_assets(manifest=manifest, dagster_dbt_translator=translator, name="dbt_build", pool="duckdb_writer")
def dbt_build(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Register the vault's committed files, then seeds, models and tests in one run of dbt."""
    if later := collection.later_than_cutoff(workspace, workspace.engagement()):
        raise dg.Failure(
            description=f"The vault holds {len(later)} collections after the evidence cutoff (such as {later[0]}): it "
            "belongs to another engagement. One engagement, one vault: name another under `vault` in engagement.yml, "
            "or another build folder.",
            allow_retries=False,
        )
    if workspace.engine == "spark":
        results = spark.build(workspace, progress.built)
    else:
        with duckdb.connect(str(workspace.warehouse)) as connection:
            register_raw(connection, workspace.vault)
        results = dbt.build(workspace, progress.built)
    tests = Counter(manifest["nodes"][r.unique_id].get("attached_node") for r in results if r.resource_type == "test")
    for result in results:
        if result.resource_type in {"model", "seed"} and result.ok:
            key = translator.get_asset_spec(manifest, result.unique_id, None).key
            if key in context.selected_asset_keys:
                facts = {"seconds": result.seconds, "dbt_tests": tests[result.unique_id]}
                yield dg.MaterializeResult(asset_key=key, metadata=facts)
    broken = [f"{r.unique_id}: {r.message}" for r in results if not r.ok and r.status != "skipped"]
    if broken:
        raise dg.Failure(description="\n".join(["dbt found the evidence broken:", *broken[:10]]), allow_retries=False)


defs = dg.Definitions(assets=[dbt_build])
