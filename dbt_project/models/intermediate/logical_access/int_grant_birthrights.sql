-- Grants that no person decided: by a group rule, or an account made by provisioning from HR. A rule's grant is valid when a version of the
-- rule was active and approved at the time and the worker met its criterion; a provisioned account is valid when the worker was, or was to be, employed.
with grants as (

    select * from {{ ref('int_access_grants') }}
    where mechanism in ('group rule', 'provisioning')

),

entitlements as (

    select * from {{ ref('int_grant_entitlements') }}

),

rules as (

    select * from {{ ref('stg_registers__birthright_rules') }}
    where gone_at is null

),

attributes as (

    select * from {{ ref('int_person_attributes') }}

),

spells as (

    select * from {{ ref('int_employment_spells') }}

),

-- A rule of a group must be the rule that the log names.
applicable as (

    select
        grants.item_key,
        rules.rule_id,
        rules.version,
        coalesce(
            rules.approved_at <= grants.granted_by_at
            and rules.active_from <= grants.granted_by_at
            and (rules.active_to is null or rules.active_to > grants.granted_by_at),
            false
        ) as is_in_force,
        coalesce(lower(attributes.value) = lower(rules.criterion_value), false) as is_met,
    from grants
    inner join entitlements
        on entitlements.item_key = grants.item_key
    inner join rules
        on
            rules.system = grants.system
            and rules.system_instance = grants.instance
            and rules.kind = entitlements.kind
            and rules.external_id = entitlements.external_id
            and (entitlements.kind <> 'group' or rules.rule_id = grants.group_rule_id)
    left join attributes
        on
            attributes.person_id = grants.person_id
            and attributes.field = rules.criterion_field
            and (attributes.valid_from is null or attributes.valid_from <= grants.granted_by_at)
            and (attributes.valid_to is null or attributes.valid_to > grants.granted_by_at)
    where grants.mechanism = 'group rule'

),

rule_results as (

    select
        item_key,
        count(case when is_in_force and is_met then 1 end) > 0 as is_valid,
        max(case when is_in_force and is_met then rule_id end) as rule_id,
        count(case when is_in_force then 1 end) as rules_in_force,
    from applicable
    group by item_key

),

employment as (

    select distinct grants.item_key
    from grants
    inner join spells
        on spells.person_id = grants.person_id and (spells.active_to is null or spells.active_to > grants.granted_by_at)

),

final as (

    select
        grants.item_key,
        case
            when grants.person_id is null then null
            when grants.mechanism = 'provisioning' then employment.item_key is not null
            else coalesce(rule_results.is_valid, false)
        end as is_valid,
        rule_results.rule_id,
        case
            when grants.person_id is null then 'the account belongs to nobody known'
            when grants.mechanism = 'provisioning' and employment.item_key is null then 'not employed'
            when grants.mechanism = 'provisioning' then 'employed'
            when rule_results.is_valid then 'rule in force, criterion met'
            when rule_results.rules_in_force > 0 then 'criterion not met'
            when rule_results.item_key is not null then 'rule not active or not approved at the time'
            else 'rule not registered'
        end as reason,
    from grants
    left join rule_results
        on rule_results.item_key = grants.item_key
    left join employment
        on employment.item_key = grants.item_key

)

select * from final
