-- Rows that the ledger declares = rows in the vault; distinct records in the vault = records in staging (difference 0).
-- source_total adds up what the source itself reported for the same collections, null where one of them reported nothing;
-- ledger_distinct_keys adds up what each collection declares: a record collected twice counts twice there.
with declared as (

    select
        source,
        instance,
        table_name,
        cast(sum(row_count) as bigint) as ledger_rows,
        cast(sum(distinct_keys) as bigint) as ledger_distinct_keys
    from {{ ref('stg_ledger__collection_tables') }}
    where source <> 'itgc' or table_name = 'detections'
    group by source, instance, table_name

),

totals as (

    select
        source,
        instance,
        resource,
        case when count(source_total) = count(*) then cast(sum(source_total) as bigint) end as source_total
    from {{ ref('stg_ledger__collections') }}
    where kind = 'committed'
    group by source, instance, resource

),

counted as (

    {{ lineage_counts('okta', 'users', ref('stg_okta__users')) }}
    union all
    {{ lineage_counts('okta', 'groups', ref('stg_okta__groups')) }}
    union all
    {{ lineage_counts('okta', 'group_members', ref('stg_okta__group_members_intervals')) }}
    union all
    {{ lineage_counts('okta', 'apps', ref('stg_okta__apps')) }}
    union all
    {{ lineage_counts('okta', 'app_users', ref('stg_okta__app_users_intervals')) }}
    union all
    {{ lineage_counts('okta', 'app_groups', ref('stg_okta__app_groups_intervals')) }}
    union all
    {{ lineage_counts('okta', 'role_assignments', ref('stg_okta__role_assignments_intervals')) }}
    union all
    {{ lineage_counts('okta', 'api_tokens', ref('stg_okta__api_tokens_intervals')) }}
    union all
    {{ lineage_counts('okta', 'system_log', ref('stg_okta__system_log')) }}
    union all
    {{ lineage_counts('github', 'organization', ref('stg_github__organization')) }}
    union all
    {{ lineage_counts('github', 'repositories', ref('stg_github__repositories')) }}
    union all
    {{ lineage_counts('github', 'members', ref('stg_github__members')) }}
    union all
    {{ lineage_counts('github', 'outside_collaborators', ref('stg_github__outside_collaborators')) }}
    union all
    {{ lineage_counts('github', 'repository_collaborators', ref('stg_github__repository_collaborators')) }}
    union all
    {{ lineage_counts('github', 'credential_authorizations', ref('stg_github__credential_authorizations')) }}
    union all
    {{ lineage_counts('github', 'external_identities', ref('stg_github__external_identities')) }}
    union all
    {{ lineage_counts('github', 'branch_protection', ref('stg_github__branch_protection')) }}
    union all
    {{ lineage_counts('github', 'rulesets', ref('stg_github__rulesets')) }}
    union all
    {{ lineage_counts('github', 'ruleset_history', ref('stg_github__ruleset_history')) }}
    union all
    {{ lineage_counts('github', 'rule_suites', ref('stg_github__rule_suites')) }}
    union all
    {{ lineage_counts('github', 'activity', ref('stg_github__activity')) }}
    union all
    {{ lineage_counts('github', 'pull_requests', ref('stg_github__pull_requests')) }}
    union all
    {{ lineage_counts('github', 'pull_request_reviews', ref('stg_github__pull_request_reviews')) }}
    union all
    {{ lineage_counts('github', 'pull_request_commits', ref('stg_github__pull_request_commits')) }}
    union all
    {{ lineage_counts('github', 'pull_request_events', ref('stg_github__pull_request_events')) }}
    union all
    {{ lineage_counts('github', 'commits', ref('stg_github__commits')) }}
    union all
    {{ lineage_counts('github', 'check_runs', ref('stg_github__check_runs')) }}
    union all
    {{ lineage_counts('github', 'deployments', ref('stg_github__deployments')) }}
    union all
    {{ lineage_counts('git', 'first_parent_commits', ref('stg_git__first_parent_commits')) }}
    union all
    {{ lineage_counts('git', 'branch_heads', ref('stg_git__branch_heads')) }}
    union all
    {{ lineage_counts('git', 'pull_commits', ref('stg_git__pull_commits')) }}
    union all
    {{ lineage_counts('bamboohr', 'employees', ref('stg_bamboohr__employees')) }}
    union all
    {{ lineage_counts('bamboohr', 'employment_status', ref('stg_bamboohr__employment_status')) }}
    union all
    {{ lineage_counts('bamboohr', 'job_info', ref('stg_bamboohr__job_info')) }}
    union all
    {{ lineage_counts('hris_csv', 'workers', ref('stg_hris_csv__workers')) }}
    union all
    {{ lineage_counts('hris_csv', 'managers', ref('stg_hris_csv__managers')) }}
    union all
    {{ lineage_counts('hris_csv', 'quarantine', ref('stg_hris_csv__quarantine')) }}
    union all
    {{ lineage_counts('jira', 'issues', ref('stg_jira__issues')) }}
    union all
    {{ lineage_counts('jira', 'approvals', ref('stg_jira__approvals')) }}
    union all
    {{ lineage_counts('jira', 'issue_changelog', ref('stg_jira__issue_histories')) }}
    union all
    {{ lineage_counts('jira', 'users', ref('stg_jira__users')) }}
    union all
    {{ lineage_counts('jira', 'statuses', ref('stg_jira__statuses')) }}
    union all
    {{ lineage_counts('registers', 'control_owners', ref('stg_registers__control_owners')) }}
    union all
    {{ lineage_counts('registers', 'systems', ref('stg_registers__systems')) }}
    union all
    {{ lineage_counts('registers', 'entitlements', ref('stg_registers__entitlements')) }}
    union all
    {{ lineage_counts('registers', 'birthright_rules', ref('stg_registers__birthright_rules')) }}
    union all
    {{ lineage_counts('registers', 'contractors', ref('stg_registers__contractors')) }}
    union all
    {{ lineage_counts('registers', 'service_accounts', ref('stg_registers__service_accounts')) }}
    union all
    {{ lineage_counts('registers', 'person_accounts', ref('stg_registers__person_accounts')) }}
    union all
    {{ lineage_counts('registers', 'shared_secrets', ref('stg_registers__shared_secrets')) }}
    union all
    {{ lineage_counts('registers', 'delegations', ref('stg_registers__delegations')) }}
    union all
    {{ lineage_counts('registers', 'functional_checks', ref('stg_registers__functional_checks')) }}
    union all
    {{ lineage_counts('registers', 'path_rules', ref('stg_registers__path_rules')) }}
    union all
    {{ lineage_counts('registers', 'change_policies', ref('stg_registers__change_policies')) }}
    union all
    {{ lineage_counts('registers', 'payroll_register', ref('stg_registers__payroll_register')) }}
    union all
    {{ lineage_counts('registers', 'thresholds', ref('stg_registers__thresholds')) }}
    union all
    {{ lineage_counts('registers', 'dispositions', ref('stg_registers__dispositions')) }}
    union all
    {{ lineage_counts('registers', 'reconciliation_explanations', ref('stg_registers__reconciliation_explanations')) }}
    union all
    {{ lineage_counts('registers', 'no_access_hires', ref('stg_registers__no_access_hires')) }}
    union all
    {{ lineage_counts('registers', 'quarantine', ref('stg_registers__quarantine')) }}
    union all
    {{ lineage_counts('itgc', 'detections', ref('stg_itgc__detections')) }}

),

final as (

    select
        declared.source,
        declared.instance,
        declared.table_name,
        declared.ledger_rows,
        coalesce(counted.vault_rows, 0) as vault_rows,
        declared.ledger_distinct_keys,
        coalesce(counted.vault_distinct_keys, 0) as vault_distinct_keys,
        coalesce(counted.staging_rows, 0) as staging_rows,
        totals.source_total,
        coalesce(counted.vault_distinct_keys, 0) - coalesce(counted.staging_rows, 0) as difference
    from declared
    left join counted
        on
            counted.source = declared.source
            and counted.instance = declared.instance
            and counted.table_name = declared.table_name
    left join totals
        on
            totals.source = declared.source
            and totals.instance = declared.instance
            and totals.resource = declared.table_name

)

select * from final
