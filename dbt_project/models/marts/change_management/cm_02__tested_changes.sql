with

changes as (

    select * from {{ ref('int_changes') }}

),

protection as (

    select * from {{ ref('int_change_protection') }}

),

required_checks as (

    select * from {{ ref('int_change_required_checks') }}

),

check_runs as (

    select * from {{ ref('int_change_check_runs') }}

),

removals as (

    select * from {{ ref('int_required_check_removals') }}
    where is_approved is not true

),

deployments as (

    select * from {{ ref('int_change_deployments') }}

),

platform_commits as (

    select distinct
        instance,
        repository_id,
        oid
    from {{ ref('stg_github__commits') }}

),

-- the runs of every required check, those of its app and those of others
required_runs as (

    select
        required_checks.item_key,
        required_checks.check_name,
        required_checks.app_id as required_app_id,
        check_runs.outcome,
        check_runs.completed_at,
        check_runs.check_run_id,
        check_runs.oid,
        check_runs.is_by_merge,
        check_runs.is_candidate,
        -- statuses have no number: of those of one second, on several of the change's commits, what did not succeed is the latest
        concat_ws(
            '/',
            {{ instant_to_text('check_runs.completed_at') }},
            lpad(coalesce(check_runs.check_run_id, '0'), 20, '0'),
            case when check_runs.outcome = 'SUCCESS' then '0' else '1' end,
            check_runs.record_key
        ) as run_order,
        required_checks.app_id is null or coalesce(required_checks.app_id = check_runs.app_id, false) as is_required_app
    from required_checks
    inner join check_runs
        on check_runs.item_key = required_checks.item_key and check_runs.check_name = required_checks.check_name

),

-- one row per required check and app: what its runs on the change's own commits said, and whether it passed anywhere else
check_results as (

    select
        required_checks.item_key,
        required_checks.check_name,
        required_checks.app_id,
        required_checks.is_functional,
        required_checks.is_skip_allowed,
        count(case when required_runs.is_candidate and required_runs.is_required_app then 1 end) as runs,
        {{ max_by(
            'required_runs.outcome',
            'case when required_runs.is_candidate and required_runs.is_required_app and required_runs.is_by_merge then required_runs.run_order end'
        ) }} as latest_outcome,
        max(case when required_runs.is_candidate and required_runs.is_required_app and required_runs.is_by_merge and required_runs.outcome = 'SUCCESS' then 1 else 0 end) = 1 as has_passed_by_merge,
        max(
            case
                when required_runs.is_candidate and required_runs.is_required_app and not required_runs.is_by_merge and required_runs.completed_at is not null and required_runs.outcome = 'SUCCESS' then 1
                else 0
            end
        ) = 1 as has_passed_after,
        max(case when not (required_runs.is_candidate and required_runs.is_required_app) and required_runs.outcome = 'SUCCESS' then 1 else 0 end) = 1 as has_passed_elsewhere
    from required_checks
    left join required_runs
        on
            required_runs.item_key = required_checks.item_key
            and required_runs.check_name = required_checks.check_name
            and required_runs.required_app_id is not distinct from required_checks.app_id
    group by required_checks.item_key, required_checks.check_name, required_checks.app_id, required_checks.is_functional, required_checks.is_skip_allowed

),

judged_checks as (

    select
        *,
        latest_outcome in ('SKIPPED', 'NEUTRAL', 'STALE') as is_skipped,
        runs = 0 as is_missing,
        runs > 0
        and coalesce(latest_outcome not in ('SUCCESS', 'SKIPPED', 'NEUTRAL', 'STALE'), not has_passed_after) as is_unsuccessful,
        not has_passed_by_merge and has_passed_after as is_late,
        not has_passed_by_merge and has_passed_elsewhere as is_elsewhere
    from check_results

),

-- three values as numbers: 2 = yes, 1 = nobody can say, 0 = no
check_facts as (

    select
        item_key,
        count(*) as required_checks,
        max(case when is_functional then 2 when is_functional is null then 1 else 0 end) as has_functional,
        max(case when is_missing then 1 else 0 end) = 1 as has_missing,
        max(case when is_unsuccessful then 1 else 0 end) = 1 as has_unsuccessful,
        max(case when not coalesce(is_skipped, false) or is_skip_allowed then 0 when not is_skip_allowed then 2 else 1 end) as has_skipped,
        max(case when not is_late or (coalesce(is_skipped, false) and is_skip_allowed) then 0 when not coalesce(is_skipped, false) or not is_skip_allowed then 2 else 1 end) as has_late,
        max(case when not is_elsewhere or (coalesce(is_skipped, false) and is_skip_allowed) then 0 when not coalesce(is_skipped, false) or not is_skip_allowed then 2 else 1 end) as has_elsewhere,
        count(case when has_passed_by_merge then 1 end) as passed_checks,
        {{ sorted_list('check_name') }} as required_check_names,
        {{ sorted_list('case when is_functional then check_name end') }} as functional_check_names
    from judged_checks
    group by item_key

),

removed_checks as (

    select
        changes.item_key,
        {{ sorted_list('removals.check_name') }} as removed_check_names,
        max(case when removals.is_approved is false then 1 else 0 end) = 1 as has_unapproved_removal
    from changes
    inner join removals
        on
            removals.instance = changes.instance
            and removals.repository_id = changes.repository_id
            and removals.branch = changes.branch
            and changes.occurred_at >= removals.removed_at
            and (removals.restored_at is null or changes.occurred_at < removals.restored_at)
    group by changes.item_key

),

-- a deployed commit has passed when the latest run of every required check on the change's own commits that had ended by the
-- deployment succeeded, or was skipped as an approved path rule allows; 2 = yes, 1 = nobody can say, 0 = no
deployment_runs as (

    select
        deployments.item_key,
        deployments.deployment_id,
        required_runs.check_name,
        required_runs.required_app_id,
        {{ max_by('required_runs.outcome', 'required_runs.run_order') }} as latest_outcome
    from deployments
    inner join required_runs
        on
            required_runs.item_key = deployments.item_key
            and required_runs.is_required_app
            and required_runs.completed_at <= deployments.deployed_at
            and (required_runs.is_candidate or required_runs.oid = deployments.commit_oid)
    group by deployments.item_key, deployments.deployment_id, required_runs.check_name, required_runs.required_app_id

),

deployment_checks as (

    select
        deployments.item_key,
        deployments.deployment_id,
        required_checks.check_name,
        required_checks.app_id,
        required_checks.is_skip_allowed,
        max(deployment_runs.latest_outcome) as latest_outcome
    from deployments
    inner join required_checks on required_checks.item_key = deployments.item_key
    left join deployment_runs
        on
            deployment_runs.item_key = deployments.item_key
            and deployment_runs.deployment_id = deployments.deployment_id
            and deployment_runs.check_name = required_checks.check_name
            and deployment_runs.required_app_id is not distinct from required_checks.app_id
    group by deployments.item_key, deployments.deployment_id, required_checks.check_name, required_checks.app_id, required_checks.is_skip_allowed

),

passed_deployments as (

    select
        item_key,
        deployment_id,
        min(
            case
                when latest_outcome = 'SUCCESS' then 2
                when latest_outcome in ('SKIPPED', 'NEUTRAL', 'STALE') and is_skip_allowed then 2
                when latest_outcome in ('SKIPPED', 'NEUTRAL', 'STALE') and is_skip_allowed is null then 1
                else 0
            end
        ) as passes
    from deployment_checks
    group by item_key, deployment_id

),

deployment_facts as (

    select
        deployments.item_key,
        count(distinct deployments.deployment_id) as deployments,
        min(deployments.deployed_at) as first_deployed_at,
        case min(coalesce(passed_deployments.passes, 0)) when 0 then true when 2 then false end as has_untested_deployment
    from deployments
    left join passed_deployments
        on
            passed_deployments.item_key = deployments.item_key
            and passed_deployments.deployment_id = deployments.deployment_id
    group by deployments.item_key

),

facts as (

    select
        changes.*,
        coalesce(protection.is_ruleset_history_known, false) as is_ruleset_history_known,
        coalesce(protection.is_ruleset_history_known, false) and protection.classic_required_checks is not null as are_required_checks_known,
        coalesce(protection.has_registers_collected, false) as has_registers_collected,
        coalesce(protection.has_deployments_collected, false) as has_deployments_collected,
        coalesce(protection.classic_required_checks = '[]' and not protection.has_had_classic_checks, false) as is_without_classic_checks,
        changes.change_kind = 'pull_request' or platform_commits.oid is not null as are_runs_collected,
        coalesce(check_facts.required_checks, 0) as required_checks,
        case coalesce(check_facts.has_functional, 0) when 2 then true when 0 then false end as has_functional,
        coalesce(check_facts.has_missing, false) as has_missing,
        coalesce(check_facts.has_unsuccessful, false) as has_unsuccessful,
        case coalesce(check_facts.has_skipped, 0) when 2 then true when 0 then false end as has_skipped,
        case coalesce(check_facts.has_late, 0) when 2 then true when 0 then false end as has_late,
        case coalesce(check_facts.has_elsewhere, 0) when 2 then true when 0 then false end as has_elsewhere,
        coalesce(check_facts.passed_checks, 0) as passed_checks,
        check_facts.required_check_names,
        check_facts.functional_check_names,
        removed_checks.removed_check_names,
        removed_checks.has_unapproved_removal,
        coalesce(deployment_facts.deployments, 0) as deployments,
        deployment_facts.first_deployed_at,
        deployment_facts.has_untested_deployment
    from changes
    left join protection on protection.item_key = changes.item_key
    left join check_facts on check_facts.item_key = changes.item_key
    left join removed_checks on removed_checks.item_key = changes.item_key
    left join deployment_facts on deployment_facts.item_key = changes.item_key
    left join platform_commits
        on
            platform_commits.instance = changes.instance
            and platform_commits.repository_id = changes.repository_id
            and platform_commits.oid = changes.tip_sha

),

tested as (

    select
        *,
        case
            when has_functional then false
            when not has_functional and are_required_checks_known and has_registers_collected then true
        end as no_required_test,
        case when are_required_checks_known and (are_runs_collected or required_checks = 0) then has_missing end as no_check,
        case when are_required_checks_known and (are_runs_collected or required_checks = 0) then has_unsuccessful end as not_success,
        case when are_required_checks_known and (are_runs_collected or required_checks = 0) then has_skipped end as skipped_neutral,
        case when are_required_checks_known and (are_runs_collected or required_checks = 0) then has_late end as rerun_after,
        case when are_required_checks_known and (are_runs_collected or required_checks = 0) then has_elsewhere end as wrong_sha,
        case
            when has_unapproved_removal then true
            when removed_check_names is null and is_ruleset_history_known and is_without_classic_checks then false
        end as check_removed,
        case
            when has_deployments_collected and deployments = 0 then false
            when has_deployments_collected and are_required_checks_known then has_untested_deployment
        end as deploy_untested,

        not are_required_checks_known or required_checks > 0 as no_check__applies,
        not are_required_checks_known or required_checks > 0 as not_success__applies,
        not are_required_checks_known or required_checks > 0 as skipped_neutral__applies,
        not are_required_checks_known or required_checks > 0 as rerun_after__applies,
        not are_required_checks_known or required_checks > 0 as wrong_sha__applies,
        not has_deployments_collected or deployments > 0 as deploy_untested__applies
    from facts

),

final as (

    select
        'CM-02' as control_id,
        item_key,
        'github' as system,
        instance,
        occurred_at,
        occurred_on,
        {{ item_status('CM-02') }} as status,
        {{ rules_failed('CM-02') }} as rules_failed,
        {{ rules_not_testable('CM-02') }} as rules_not_testable,
        {{ rules_not_applicable('CM-02', always=['no_required_test', 'check_removed']) }} as rules_not_applicable,
        url as evidence_url,
        repository_id,
        repository_name,
        branch,
        change_kind,
        pull_request_id,
        number,
        title,
        head_oid,
        tip_sha,
        category,
        required_checks,
        passed_checks,
        required_check_names,
        functional_check_names,
        removed_check_names,
        deployments,
        first_deployed_at,
        no_required_test,
        no_check,
        not_success,
        skipped_neutral,
        rerun_after,
        wrong_sha,
        check_removed,
        deploy_untested
    from tested

)

select * from final
