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
    where is_functional_test

),

path_rules as (

    select * from {{ ref('stg_registers__path_rules') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

-- the first collection of a register stands for its own day
first_collections as (

    select
        collections.resource,
        min(collections.collected_at) as collected_at,
        min({{ start_of_day(local_date('collections.collected_at', 'engagement.zone'), 'engagement.zone') }}) as day_start_at
    from {{ ref('stg_ledger__collections') }} as collections
    cross join engagement
    where collections.source = 'registers' and collections.resource in ('functional_checks', 'path_rules') and collections.kind = 'committed'
    group by collections.resource

),

ruleset_checks as (

    select
        branch_rules.instance,
        branch_rules.repository_id,
        branch_rules.branch,
        branch_rules.valid_from,
        branch_rules.valid_to,
        branch_rules.certain_to,
        {{ json_text('required.item', '$.context') }} as check_name,
        {{ json_text('required.item', '$.integration_id') }} as app_id
    from branch_rules
    {{ json_items('branch_rules.required_checks', '$', 'required') }}

),

classic_checks as (

    select
        protection.item_key,
        {{ json_text('required.item', '$.context') }} as check_name,
        {{ json_text('required.item', '$.app_id') }} as app_id
    from protection
    {{ json_items('protection.classic_required_checks', '$', 'required') }}

),

demanded as (

    select
        changes.item_key,
        ruleset_checks.check_name,
        nullif(ruleset_checks.app_id, '-1') as app_id,
        ruleset_checks.certain_to is null or changes.occurred_at < ruleset_checks.certain_to as is_certain
    from changes
    inner join ruleset_checks
        on
            ruleset_checks.instance = changes.instance
            and ruleset_checks.repository_id = changes.repository_id
            and ruleset_checks.branch = changes.branch
            and changes.occurred_at >= ruleset_checks.valid_from
            and (ruleset_checks.valid_to is null or changes.occurred_at < ruleset_checks.valid_to)
    union all
    select item_key, check_name, nullif(app_id, '-1') as app_id, true as is_certain from classic_checks

),

-- an app id of -1 or none means any app, which one that is named meets
required as (

    select
        item_key,
        check_name,
        app_id,
        max(case when is_certain then 1 else 0 end) = 1 as is_certain
    from demanded
    group by item_key, check_name, app_id
    qualify app_id is not null or count(app_id) over (partition by item_key, check_name) = 0

),

registered as (

    select
        required.item_key,
        required.check_name,
        required.app_id as required_app_id,
        max(functional_checks.app_id) as app_id,
        max(
            case
                when functional_checks.first_collected_at <= changes.occurred_at then 1
                when functional_checks.first_collected_at <= first_collections.collected_at and first_collections.day_start_at <= changes.occurred_at then 1
                else 0
            end
        ) = 1 as is_known
    from required
    inner join changes on changes.item_key = required.item_key
    inner join functional_checks
        on
            functional_checks.repository_id = changes.repository_id
            and functional_checks.check_name = required.check_name
            and (functional_checks.app_id is null or required.app_id is null or functional_checks.app_id = required.app_id)
            and functional_checks.valid_from <= changes.occurred_on
            and (functional_checks.valid_to is null or changes.occurred_on <= functional_checks.valid_to)
            and (functional_checks.gone_at is null or changes.occurred_at < functional_checks.gone_at)
    left join first_collections on first_collections.resource = 'functional_checks'
    group by required.item_key, required.check_name, required.app_id

),

path_rules_in_force as (

    select
        required.item_key,
        required.check_name,
        path_rules.path_prefix,
        coalesce(
            path_rules.first_collected_at <= changes.occurred_at
            or (path_rules.first_collected_at <= first_collections.collected_at and first_collections.day_start_at <= changes.occurred_at),
            false
        ) as is_known
    from (select distinct item_key, check_name from required) as required
    inner join changes on changes.item_key = required.item_key
    inner join path_rules
        on
            path_rules.repository_id = changes.repository_id
            and path_rules.check_name = required.check_name
            and path_rules.valid_from <= changes.occurred_on
            and (path_rules.valid_to is null or changes.occurred_on <= path_rules.valid_to)
            and path_rules.approved_at <= changes.occurred_at
            and (path_rules.gone_at is null or changes.occurred_at < path_rules.gone_at)
    left join first_collections on first_collections.resource = 'path_rules'

),

files as (

    select
        changes.item_key,
        {{ json_text('file.item', '$.path') }} as path
    from changes
    {{ json_items('changes.files', '$', 'file') }}
    where changes.item_key in (select path_rules_in_force.item_key from path_rules_in_force)

),

listed_files as (

    select
        item_key,
        count(distinct path) as files
    from files
    group by item_key

),

touches as (

    select
        path_rules_in_force.item_key,
        path_rules_in_force.check_name,
        max(case when path_rules_in_force.is_known then 1 else 0 end) = 1 as has_known_rule,
        max(case when starts_with(files.path, path_rules_in_force.path_prefix) then 1 else 0 end) = 1 as is_touched,
        max(case when starts_with(files.path, path_rules_in_force.path_prefix) and path_rules_in_force.is_known then 1 else 0 end) = 1 as is_touched_as_known
    from path_rules_in_force
    left join files on files.item_key = path_rules_in_force.item_key
    group by path_rules_in_force.item_key, path_rules_in_force.check_name

),

-- a list of files that ends early, or none, says what is touched and not what is not
allowances as (

    select
        touches.item_key,
        touches.check_name,
        case
            when touches.is_touched_as_known or (touches.is_touched and not touches.has_known_rule) then false
            when touches.is_touched or not touches.has_known_rule then null
            when listed_files.files >= coalesce(changes.changed_files, 0) then true
        end as is_skip_allowed
    from touches
    inner join changes on changes.item_key = touches.item_key
    left join listed_files on listed_files.item_key = touches.item_key

),

final as (

    select
        required.item_key,
        required.check_name,
        coalesce(required.app_id, registered.app_id) as app_id,
        case
            when registered.item_key is null then false
            when registered.is_known and required.is_certain then true
        end as is_functional,
        case when allowances.item_key is null then false else allowances.is_skip_allowed end as is_skip_allowed
    from required
    left join registered
        on
            registered.item_key = required.item_key
            and registered.check_name = required.check_name
            and registered.required_app_id is not distinct from required.app_id
    left join allowances
        on allowances.item_key = required.item_key and allowances.check_name = required.check_name

)

select * from final
