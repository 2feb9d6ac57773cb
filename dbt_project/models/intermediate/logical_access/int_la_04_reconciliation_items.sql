-- Both sides of every reconciliation of LA-04, item by item.
{%- set early_removal_days = 90 %}  {# an account switched off longer before the last day was not switched off for it #}
with engagement as (

    select * from {{ ref('int_engagement') }}

),

spells as (

    select * from {{ ref('int_employment_spells') }}

),

people as (

    select * from {{ ref('int_people') }}

),

employees as (

    select * from {{ ref('stg_bamboohr__employees') }}

),

workers as (

    select * from {{ ref('stg_hris_csv__workers') }}

),

contractors as (

    select * from {{ ref('stg_registers__contractors') }}

),

payroll as (

    select * from {{ ref('stg_registers__payroll_register') }}
    where gone_at is null

),

months as (

    select * from {{ ref('int_period_months') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}
    where system = 'okta' and account_kind in ('human', 'guest')

),

usability as (

    select * from {{ ref('int_account_usability') }}

),

terminations as (

    select * from {{ ref('int_terminations') }}

),

last_lists as (

    select
        instance,
        max(collected_at) as last_at
    from {{ ref('stg_ledger__collections') }}
    where kind = 'committed' and source in ('bamboohr', 'hris_csv') and resource in ('employees', 'workers')
    group by instance

),

-- Begin plus hires and rehires less terminations, person by person, at the last list of workers.
employed as (

    select
        spells.person_id,
        bool_or(spells.active_from <= last_lists.last_at and (spells.active_to is null or spells.active_to > last_lists.last_at)) as is_employed,
        bool_or(coalesce(spells.contested_from <= last_lists.last_at, false)) as is_contested,
        bool_or(spells.contested_from <= last_lists.last_at and terminations.item_key is not null) as is_contested_item
    from spells
    inner join people
        on people.person_id = spells.person_id
    inner join last_lists
        on last_lists.instance = people.hris_instance
    left join terminations
        on terminations.item_key = spells.spell_key
    group by spells.person_id

),

listed as (

    select
        concat(employees.instance, ':', employees.employee_id) as person_id,
        employees.gone_at is null and coalesce(lower(employees.status) not like '%inactive%', false) as is_listed
    from employees
    union all
    select
        concat(workers.instance, ':', workers.worker_id),
        bool_or(workers.gone_at is null and lower(workers.status) <> 'terminated')
    from workers
    group by workers.instance, workers.worker_id

),

roll_forward as (

    select
        'headcount_roll_forward' as reconciliation,
        coalesce(employed.person_id, listed.person_id) as item_key,
        -- a contested end stands in the population and is not testable there; without a date it stands nowhere, and is a difference
        case
            when employed.is_contested_item then listed.is_listed
            when employed.is_contested then coalesce(not listed.is_listed, true)
            else coalesce(employed.is_employed, false)
        end as is_left,
        coalesce(listed.is_listed, false) as is_right
    from employed
    full outer join listed
        on listed.person_id = employed.person_id

),

pay_months as (

    select
        months.interval_start,
        months.interval_end,
        substr({{ date_to_text('months.starts_on') }}, 1, 6) as month_no
    from months

),

worked as (

    select
        spells.person_id,
        pay_months.month_no,
        bool_or(spells.contested_from is null or spells.contested_from > pay_months.interval_start) as is_certain
    from spells
    inner join people
        on people.person_id = spells.person_id and people.source <> 'registers'
    cross join pay_months
    cross join engagement
    where
        {{ start_of_day('spells.hired_on', 'engagement.zone') }} < pay_months.interval_end
        and (
            spells.active_to is null
            or {{ start_of_day('spells.terminated_on', 'engagement.zone') }} >= pay_months.interval_start
        )
    group by spells.person_id, pay_months.month_no

),

paid as (

    select distinct
        payroll.worker_id as person_id,
        pay_months.month_no
    from payroll
    inner join pay_months
        on pay_months.month_no = left(replace(payroll.pay_period, '-', ''), 6)

),

payroll_ids as (

    select
        'hris_to_payroll' as reconciliation,
        concat(coalesce(worked.person_id, paid.person_id), '/', coalesce(worked.month_no, paid.month_no)) as item_key,
        coalesce(case when worked.is_certain then true else paid.person_id is not null end, false) and worked.person_id is not null as is_left,
        paid.person_id is not null as is_right
    from worked
    full outer join paid
        on paid.person_id = worked.person_id and paid.month_no = worked.month_no

),

contracts as (

    select
        'contracts_roll_forward' as reconciliation,
        concat('registers:contractor/', contractor_id, '/', {{ date_to_text('contract_start') }}) as item_key,
        true as is_left,
        gone_at is null as is_right
    from contractors

),

-- The reverse test: an account switched off without anybody having left then, or leaving soon after.
ended as (

    select
        accounts.account_key,
        accounts.person_id,
        usability.active_to
    from accounts
    inner join usability
        on usability.account_key = accounts.account_key
    cross join engagement
    where usability.active_to >= engagement.period_start_at and usability.active_to < engagement.period_end_at

),

next_spells as (

    select
        *,
        lead(active_from) over (partition by person_id order by active_from) as next_from,
        {{ add_days('terminated_on', -early_removal_days) }} as removable_from_on
    from spells

),

deactivations as (

    select
        'deactivations_to_terminations' as reconciliation,
        concat(ended.account_key, '/', {{ instant_to_text('ended.active_to') }}) as item_key,
        true as is_left,
        count(next_spells.spell_key) > 0 as is_right
    from ended
    cross join engagement
    left join next_spells
        on
            next_spells.person_id = ended.person_id
            and next_spells.terminated_on is not null
            and not next_spells.is_rescinded
            and next_spells.active_from <= ended.active_to
            and next_spells.removable_from_on <= {{ local_date('ended.active_to', 'engagement.zone') }}
            and {{ or_for_ever('next_spells.next_from') }} > ended.active_to
    group by ended.account_key, ended.active_to

),

final as (

    select * from roll_forward
    where is_left or is_right
    union all
    select * from payroll_ids
    union all
    select * from contracts
    union all
    select * from deactivations

)

select * from final
