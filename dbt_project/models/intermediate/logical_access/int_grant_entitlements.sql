-- What a request may name to cover a grant: the access itself, or the group that gave the application (joined no more than a minute earlier);
-- of an account also its e-mail address, or the role in GitHub's organization that the account came with.
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
        joined.group_rule_id
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

accounts as (

    select
        grants.item_key,
        grants.system,
        'account' as kind,
        accounts.email as external_id
    from grants
    inner join {{ ref('int_accounts') }} as accounts
        on accounts.account_key = grants.account_key
    where grants.kind = 'account' and accounts.email is not null
    union all
    select
        grants.item_key,
        grants.system,
        'organization_role',
        roles.role
    from grants
    cross join (
        select 'member' as role
        union all
        select 'admin'
    ) as roles
    where grants.kind = 'account' and grants.system = 'github'

),

final as (

    select
        item_key,
        system,
        kind,
        external_id,
        group_rule_id,
        true as is_own
    from grants
    union all
    select
        *,
        false as is_own
    from through_groups
    union all
    select
        *,
        cast(null as string) as group_rule_id,
        false as is_own
    from accounts

)

select * from final
