-- Both sides of every reconciliation of CM-02, item by item.
with

code_changes as (

    select * from {{ ref('cm_01__code_changes') }}

),

tested_changes as (

    select * from {{ ref('cm_02__tested_changes') }}

),

protection as (

    select * from {{ ref('stg_github__branch_protection_intervals') }}

),

branch_rules as (

    select * from {{ ref('int_branch_rules') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

collections as (

    select * from {{ ref('stg_ledger__collections') }}
    where resource = 'branch_protection' and kind = 'committed' and permission not in ('denied', 'not_available')

),

code_counts as (

    select
        item_key,
        count(*) as items
    from code_changes
    group by item_key

),

tested_counts as (

    select
        item_key,
        count(*) as items
    from tested_changes
    group by item_key

),

-- both controls read one frame: nothing was lost or doubled on the way from it
frame as (

    select
        'frame' as reconciliation,
        coalesce(code_counts.item_key, tested_counts.item_key) as item_key,
        code_counts.item_key is not null as is_left,
        tested_counts.item_key is not null and coalesce(code_counts.items, 1) = 1 and tested_counts.items = 1 as is_right
    from code_counts
    full outer join tested_counts on tested_counts.item_key = code_counts.item_key

),

-- the rules that the platform itself says apply to the branch, snapshot by snapshot, against the history of the rulesets
snapshots as (

    select
        protection.instance,
        protection.repository_id,
        protection.branch,
        collections.collected_at as seen_at,
        protection.rules
    from protection
    cross join engagement
    inner join collections
        on
            collections.instance = protection.instance
            and collections.collected_at >= protection.seen_from
            and collections.collected_at <= protection.seen_to
            and collections.collected_at >= engagement.period_start_at
            and collections.collected_at < engagement.period_end_at

),

snapshot_rules as (

    select
        snapshots.instance,
        snapshots.repository_id,
        snapshots.branch,
        snapshots.seen_at,
        {{ json_text('rule.item', '$.parameters.required_status_checks') }} as required_checks
    from snapshots
    {{ json_items('snapshots.rules', '$', 'rule') }}
    where {{ json_text('rule.item', '$.type') }} = 'required_status_checks'

),

snapshot_checks as (

    select
        snapshot_rules.instance,
        snapshot_rules.repository_id,
        snapshot_rules.branch,
        snapshot_rules.seen_at,
        {{ sorted_list(json_text('required.item', '$.context')) }} as check_names
    from snapshot_rules
    {{ json_items('snapshot_rules.required_checks', '$', 'required') }}
    group by snapshot_rules.instance, snapshot_rules.repository_id, snapshot_rules.branch, snapshot_rules.seen_at

),

history_rules as (

    select
        snapshots.instance,
        snapshots.repository_id,
        snapshots.branch,
        snapshots.seen_at,
        branch_rules.required_checks
    from snapshots
    inner join branch_rules
        on
            branch_rules.instance = snapshots.instance
            and branch_rules.repository_id = snapshots.repository_id
            and branch_rules.branch = snapshots.branch
            and snapshots.seen_at >= branch_rules.valid_from
            and (branch_rules.valid_to is null or snapshots.seen_at < branch_rules.valid_to)

),

history_checks as (

    select
        history_rules.instance,
        history_rules.repository_id,
        history_rules.branch,
        history_rules.seen_at,
        {{ sorted_list(json_text('required.item', '$.context')) }} as check_names
    from history_rules
    {{ json_items('history_rules.required_checks', '$', 'required') }}
    group by history_rules.instance, history_rules.repository_id, history_rules.branch, history_rules.seen_at

),

required_checks as (

    select
        'required_checks' as reconciliation,
        concat(snapshots.instance, ':', snapshots.repository_id, '/branch/', snapshots.branch, '/', {{ instant_to_text('snapshots.seen_at') }}) as item_key,
        true as is_left,
        coalesce(snapshot_checks.check_names, '') = coalesce(history_checks.check_names, '') as is_right
    from snapshots
    left join snapshot_checks
        on
            snapshot_checks.instance = snapshots.instance
            and snapshot_checks.repository_id = snapshots.repository_id
            and snapshot_checks.branch = snapshots.branch
            and snapshot_checks.seen_at = snapshots.seen_at
    left join history_checks
        on
            history_checks.instance = snapshots.instance
            and history_checks.repository_id = snapshots.repository_id
            and history_checks.branch = snapshots.branch
            and history_checks.seen_at = snapshots.seen_at

),

final as (

    select reconciliation, item_key, is_left, is_right from frame
    union all
    select reconciliation, item_key, is_left, is_right from required_checks

)

select * from final
