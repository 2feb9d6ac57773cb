-- The checks that the branch required when the change was made, whether each is a registered functional test, and whether approved
-- path rules excuse it: they name the paths that the check is for, and the change touches none. One row per change and check.
with

changes as (

    select * from {{ ref('int_changes') }}

),

protection as (

    select * from {{ ref('int_change_protection') }}

),

branch_rules as (

    select * from {{ ref('int_branch_rules') }}

),

functional_checks as (

    select * from {{ ref('stg_registers__functional_checks') }}
    where gone_at is null and is_functional_test

),

path_rules as (

    select * from {{ ref('stg_registers__path_rules') }}
    where gone_at is null

),

ruleset_checks as (

    select
        branch_rules.instance,
        branch_rules.repository_id,
        branch_rules.branch,
        branch_rules.valid_from,
        branch_rules.valid_to,
        {{ json_text('required.item', '$.context') }} as check_name,
        {{ json_text('required.item', '$.integration_id') }} as app_id,
    from branch_rules
    {{ json_items('branch_rules.required_checks', '$', 'required') }}

),

classic_checks as (

    select
        protection.item_key,
        {{ json_text('required.item', '$.context') }} as check_name,
        {{ json_text('required.item', '$.app_id') }} as app_id,
    from protection
    {{ json_items('protection.classic_required_checks', '$', 'required') }}

),

demanded as (

    select
        changes.item_key,
        ruleset_checks.check_name,
        ruleset_checks.app_id,
    from changes
    inner join ruleset_checks
        on
            ruleset_checks.instance = changes.instance
            and ruleset_checks.repository_id = changes.repository_id
            and ruleset_checks.branch = changes.branch
            and changes.occurred_at >= ruleset_checks.valid_from
            and (ruleset_checks.valid_to is null or changes.occurred_at < ruleset_checks.valid_to)
    union all
    select item_key, check_name, app_id from classic_checks

),

-- an app id of -1 or none means any app
required as (

    select
        item_key,
        check_name,
        max(nullif(app_id, '-1')) as app_id,
    from demanded
    group by item_key, check_name

),

registered as (

    select
        required.item_key,
        required.check_name,
        max(functional_checks.app_id) as app_id,
    from required
    inner join changes on changes.item_key = required.item_key
    inner join functional_checks
        on
            functional_checks.repository_id = changes.repository_id
            and functional_checks.check_name = required.check_name
            and (functional_checks.app_id is null or required.app_id is null or functional_checks.app_id = required.app_id)
            and functional_checks.valid_from <= changes.occurred_on
            and (functional_checks.valid_to is null or changes.occurred_on <= functional_checks.valid_to)
    group by required.item_key, required.check_name

),

path_rules_in_force as (

    select
        required.item_key,
        required.check_name,
        path_rules.path_prefix,
    from required
    inner join changes on changes.item_key = required.item_key
    inner join path_rules
        on
            path_rules.repository_id = changes.repository_id
            and path_rules.check_name = required.check_name
            and path_rules.valid_from <= changes.occurred_on
            and (path_rules.valid_to is null or changes.occurred_on <= path_rules.valid_to)
            and path_rules.approved_at <= changes.occurred_at

),

files as (

    select
        changes.item_key,
        {{ json_text('file.item', '$.path') }} as path,
    from changes
    {{ json_items('changes.files', '$', 'file') }}
    where changes.item_key in (select path_rules_in_force.item_key from path_rules_in_force)

),

allowances as (

    select
        path_rules_in_force.item_key,
        path_rules_in_force.check_name,
        max(case when starts_with(files.path, path_rules_in_force.path_prefix) then 1 else 0 end) = 0 as is_skip_allowed,
    from path_rules_in_force
    inner join files on files.item_key = path_rules_in_force.item_key
    group by path_rules_in_force.item_key, path_rules_in_force.check_name

),

final as (

    select
        required.item_key,
        required.check_name,
        coalesce(required.app_id, registered.app_id) as app_id,
        registered.item_key is not null as is_functional,
        case
            when allowances.is_skip_allowed is not null then allowances.is_skip_allowed
            when path_rules_in_force.item_key is null then false
        end as is_skip_allowed,
    from required
    left join registered
        on registered.item_key = required.item_key and registered.check_name = required.check_name
    left join allowances
        on allowances.item_key = required.item_key and allowances.check_name = required.check_name
    left join (select distinct item_key, check_name from path_rules_in_force) as path_rules_in_force
        on path_rules_in_force.item_key = required.item_key and path_rules_in_force.check_name = required.check_name

)

select * from final
