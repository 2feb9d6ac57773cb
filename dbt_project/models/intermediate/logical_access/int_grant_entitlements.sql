-- What a request may name to cover a grant: the access itself, or the group that gave the application (joined no more than a minute earlier).
with grants as (

    select * from {{ ref('int_access_grants') }}

),

app_groups as (

    select * from {{ ref('stg_okta__app_groups_intervals') }}

),

through_groups as (

    select distinct
        grants.item_key,
        grants.system,
        'group' as kind,
        app_groups.group_id as external_id,
        joined.group_rule_id,
    from grants
    inner join app_groups
        on app_groups.instance = grants.instance and app_groups.app_id = grants.external_id
    inner join grants as joined
        on
            joined.account_key = grants.account_key
            and joined.kind = 'group'
            and joined.external_id = app_groups.group_id
            and joined.granted_by_at <= grants.granted_by_at
            and joined.granted_by_at >= {{ add_seconds('grants.granted_by_at', -60) }}
    where grants.kind = 'app'

),

final as (

    select
        item_key,
        system,
        kind,
        external_id,
        group_rule_id,
        true as is_own,
    from grants
    union all
    select
        *,
        false as is_own,
    from through_groups

)

select * from final
