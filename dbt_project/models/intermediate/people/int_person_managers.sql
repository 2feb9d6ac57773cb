-- Who managed whom, as of the instant. BambooHR names the manager: the name counts when only one person ever bore it, else the
-- directory's supervisor id of the same days decides between the bearers; else the manager is unknown (null).
with people as (

    select * from {{ ref('int_people') }}

),

employees as (

    select * from {{ ref('stg_bamboohr__employees_intervals') }}

),

job_rows as (

    select * from {{ ref('stg_bamboohr__job_info') }}
    where gone_at is null and effective_on is not null
    qualify row_number() over (partition by instance, employee_id, effective_on order by try_cast(row_id as bigint) desc, row_id desc) = 1

),

names as (

    select distinct
        instance,
        employee_id,
        lower(trim(display_name)) as name
    from employees
    union
    select distinct
        instance,
        employee_id,
        lower(trim(concat(first_name, ' ', last_name))) as name
    from employees

),

bamboohr as (

    select
        concat(job_rows.instance, ':', job_rows.employee_id) as person_id,
        job_rows.instance,
        job_rows.employee_id,
        job_rows.row_id,
        lower(trim(job_rows.reports_to)) as manager_name,
        {{ start_of_day('job_rows.effective_on', 'people.zone') }} as valid_from,
        {{ start_of_day(
            'lead(job_rows.effective_on) over (partition by job_rows.instance, job_rows.employee_id order by job_rows.effective_on)',
            'people.zone'
        ) }} as valid_to
    from job_rows
    inner join people on people.person_id = concat(job_rows.instance, ':', job_rows.employee_id)

),

by_name as (

    select
        bamboohr.person_id,
        bamboohr.row_id,
        count(distinct names.employee_id) as bearers,
        max(names.employee_id) as manager_id
    from bamboohr
    inner join names on names.instance = bamboohr.instance and names.name = bamboohr.manager_name
    group by bamboohr.person_id, bamboohr.row_id

),

by_supervisor as (

    select
        bamboohr.person_id,
        bamboohr.row_id,
        count(distinct employees.supervisor_employee_id) as supervisors,
        max(employees.supervisor_employee_id) as manager_id
    from bamboohr
    inner join employees
        on
            employees.instance = bamboohr.instance
            and employees.employee_id = bamboohr.employee_id
            and employees.seen_to >= bamboohr.valid_from
            and (bamboohr.valid_to is null or employees.seen_from < bamboohr.valid_to)
    inner join names
        on
            names.instance = bamboohr.instance
            and names.employee_id = employees.supervisor_employee_id
            and names.name = bamboohr.manager_name
    group by bamboohr.person_id, bamboohr.row_id

),

csv as (

    select
        concat(managers.instance, ':', managers.worker_id) as person_id,
        managers.instance,
        managers.manager_worker_id,
        {{ start_of_day('managers.valid_from', 'people.zone') }} as valid_from,
        {{ end_of_day('managers.valid_to', 'people.zone') }} as valid_to
    from {{ ref('stg_hris_csv__managers') }} as managers
    inner join people on people.person_id = concat(managers.instance, ':', managers.worker_id)
    where managers.gone_at is null

),

contractors as (

    select
        *,
        least(active_to, lead(active_from) over (partition by person_id order by active_from)) as managed_to
    from {{ ref('int_employment_spells') }}
    where person_id like 'registers:contractor/%'

),

sponsors as (

    select
        *,
        lead(contract_start) over (partition by contractor_id order by contract_start) as next_start
    from {{ ref('stg_registers__contractors') }}
    where gone_at is null

),

managers as (

    select
        bamboohr.person_id,
        concat(
            bamboohr.instance, ':',
            case
                when by_name.bearers = 1 then by_name.manager_id
                when by_supervisor.supervisors = 1 then by_supervisor.manager_id
            end
        ) as manager_person_id,
        bamboohr.valid_from,
        bamboohr.valid_to,
        case
            when bamboohr.manager_name is null or bamboohr.manager_name = '' then 'no_manager'
            when by_name.bearers = 1 then 'unique_name'
            when by_supervisor.supervisors = 1 then 'supervisor_id'
            else 'unresolved'
        end as resolution
    from bamboohr
    left join by_name on by_name.person_id = bamboohr.person_id and by_name.row_id = bamboohr.row_id
    left join by_supervisor on by_supervisor.person_id = bamboohr.person_id and by_supervisor.row_id = bamboohr.row_id
    union all
    select
        csv.person_id,
        coalesce(same_hris.person_id, other_hris.person_id),
        csv.valid_from,
        csv.valid_to,
        case
            when csv.manager_worker_id is null then 'no_manager'
            when coalesce(same_hris.person_id, other_hris.person_id) is null then 'unresolved'
            else 'worker_id'
        end
    from csv
    left join people as same_hris on same_hris.person_id = concat(csv.instance, ':', csv.manager_worker_id)
    left join people as other_hris on other_hris.person_id = csv.manager_worker_id
    union all
    select
        contractors.person_id,
        people.person_id,
        contractors.active_from,
        contractors.managed_to,
        case when people.person_id is null then 'unresolved' else 'sponsor' end
    from contractors
    inner join sponsors
        on
            concat('registers:contractor/', sponsors.contractor_id) = contractors.person_id
            and sponsors.contract_start <= contractors.hired_on
            and (sponsors.next_start is null or sponsors.next_start > contractors.hired_on)
    left join people on people.person_id = sponsors.sponsor_worker_id

),

final as (

    select
        person_id,
        case when resolution not in ('no_manager', 'unresolved') then manager_person_id end as manager_person_id,
        valid_from,
        valid_to,
        resolution
    from managers

)

select * from final
