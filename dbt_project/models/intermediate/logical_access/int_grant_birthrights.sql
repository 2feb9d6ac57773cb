-- Grants that no person decided: by a group rule, or an account made from HR. They are valid when a version of a birthright rule was active and
-- approved by an active worker at the time, the worker was (or was to be) employed and met its criterion, and whatever made the account is
-- registered. An account that only a snapshot shows names no actor: the rule alone can allow it.
with grants as (

    select *
    from {{ ref('int_access_grants') }}
    where mechanism in ('group rule', 'provisioning') or (mechanism = 'unknown' and kind = 'account')

),

entitlements as (

    select * from {{ ref('int_grant_entitlements') }}

),

rules as (

    select
        registered.*,
        case
            when registered.approved_by_worker_id is null or registered.approved_at is null then false
            else {{ is_active_worker('registered.approved_by_worker_id', 'registered.approved_at') }}
        end as is_approved
    from {{ ref('stg_registers__birthright_rules') }} as registered
    where registered.gone_at is null

),

registrations as (

    select * from {{ ref('stg_registers__service_accounts') }}
    where kind in ('service', 'bot')

),

attributes as (

    select * from {{ ref('int_person_attributes') }}

),

spells as (

    select * from {{ ref('int_employment_spells') }}

),

-- Who is hired later is judged as of the first day.
employment as (

    select
        grants.item_key,
        bool_or(
            spells.active_from <= grants.granted_by_at
            and (spells.active_to is null or spells.active_to > grants.granted_by_at)
            and (spells.contested_from is null or spells.contested_from > grants.granted_by_at)
        ) as is_active,
        min(
            case
                when
                    spells.active_from > grants.granted_by_at
                    and (spells.contested_from is null or spells.contested_from > spells.active_from)
                    then spells.active_from
            end
        ) as next_from,
        bool_or(
            spells.contested_from <= grants.granted_by_at
            or (spells.active_to > grants.granted_from and spells.active_to <= grants.granted_by_at)
        ) as is_doubtful
    from grants
    inner join spells
        on spells.person_id = grants.person_id
    group by grants.item_key

),

dated as (

    select
        grants.*,
        case
            when employment.is_active or employment.next_from is not null then true
            when employment.is_doubtful then null
            else false
        end as is_employed,
        case when employment.is_active then grants.granted_by_at else coalesce(employment.next_from, grants.granted_by_at) end as judged_at
    from grants
    left join employment
        on employment.item_key = grants.item_key

),

actors as (

    select distinct grants.item_key
    from grants
    inner join registrations
        on
            registrations.system = grants.system
            and registrations.system_instance = grants.instance
            and registrations.account_id = grants.actor_id
            and registrations.registered_on <= grants.occurred_on
            and (registrations.valid_to is null or registrations.valid_to >= grants.occurred_on)
            and (registrations.gone_at is null or registrations.gone_at > grants.granted_by_at)

),

-- A rule of a group must be the rule that the log names; one of accounts is about every account of a worker on the system.
applicable as (

    select
        dated.item_key,
        rules.rule_id,
        case
            when rules.is_approved = false then false
            when
                rules.approved_at <= dated.granted_by_at
                and rules.active_from <= dated.granted_by_at
                and (rules.active_to is null or rules.active_to > dated.granted_by_at)
                then rules.is_approved
            else false
        end as is_in_force,
        coalesce(lower(attributes.value) = lower(rules.criterion_value) and dated.account_kind in ('human', 'guest'), false) as is_met
    from dated
    inner join entitlements
        on entitlements.item_key = dated.item_key
    inner join rules
        on
            rules.system = dated.system
            and rules.system_instance = dated.instance
            and rules.kind = entitlements.kind
            and (rules.external_id = entitlements.external_id or rules.kind = 'account')
            and (rules.kind <> 'group' or rules.rule_id = dated.group_rule_id)
            and (rules.kind = 'account' or dated.kind <> 'account')
    left join attributes
        on
            attributes.person_id = dated.person_id
            and attributes.field = rules.criterion_field
            and {{ or_since_ever('attributes.valid_from') }} <= dated.judged_at
            and {{ or_for_ever('attributes.valid_to') }} > dated.judged_at

),

rule_results as (

    select
        item_key,
        case
            when count(case when is_in_force and is_met then 1 end) > 0 then true
            when count(case when is_in_force is null and is_met then 1 end) > 0 then null
            else false
        end as is_valid,
        max(case when is_in_force and is_met then rule_id end) as rule_id,
        count(case when is_in_force then 1 end) as rules_in_force
    from applicable
    group by item_key

),

judged as (

    select
        dated.item_key,
        dated.person_id,
        dated.is_employed,
        dated.mechanism = 'provisioning' and dated.actor_id is null as is_actor_unknown,
        dated.mechanism = 'provisioning' and actors.item_key is null as is_actor_unregistered,
        case when rule_results.item_key is null then false else rule_results.is_valid end as is_rule_valid,
        rule_results.item_key is not null as is_rule_registered,
        rule_results.rules_in_force,
        rule_results.rule_id
    from dated
    left join actors
        on actors.item_key = dated.item_key
    left join rule_results
        on rule_results.item_key = dated.item_key

),

final as (

    select
        item_key,
        case
            when person_id is null then null
            when is_employed = false or is_rule_valid = false then false
            when is_actor_unknown then null
            when is_actor_unregistered then false
            else is_employed and is_rule_valid
        end as is_valid,
        rule_id,
        case
            when person_id is null then 'the account belongs to nobody known'
            when is_employed = false then 'not employed'
            when not is_rule_registered then 'rule not registered'
            when is_rule_valid = false and rules_in_force > 0 then 'criterion not met'
            when is_rule_valid = false then 'rule not active or not approved at the time'
            when is_actor_unknown then 'who made the account is unknown'
            when is_actor_unregistered then 'what made the account is not registered'
            when is_rule_valid is null then 'whether an active worker approved the rule is unknown'
            when is_employed is null then 'whether the worker was employed is unknown'
            else 'rule in force, criterion met'
        end as reason
    from judged

)

select * from final
