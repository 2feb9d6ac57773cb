with engagement as (

    select * from {{ ref('int_engagement') }}

),

employees as (

    select * from {{ ref('stg_bamboohr__employees') }}

),

workers as (

    select * from {{ ref('stg_hris_csv__workers') }}
    qualify row_number() over (partition by instance, worker_id order by hired_on desc) = 1

),

contractors as (

    select * from {{ ref('stg_registers__contractors') }}
    where gone_at is null
    qualify row_number() over (partition by contractor_id order by contract_start desc) = 1

),

people as (

    select
        concat(instance, ':', employee_id) as person_id,
        'employee' as worker_type,
        display_name,
        work_email,
        zone,
        calendar,
        instance as hris_instance,
        employee_id as worker_id,
        employee_number,
        department,
        job_title,
        location,
        country,
        record_key,
        collection_id,
        'bamboohr' as source
    from employees
    union all
    select
        concat(instance, ':', worker_id),
        coalesce(worker_type, 'employee'),
        coalesce(display_name, concat_ws(' ', first_name, last_name)),
        work_email,
        zone,
        calendar,
        instance,
        worker_id,
        worker_id,
        department,
        job_title,
        cast(null as string),
        cast(null as string),
        record_key,
        collection_id,
        'hris_csv'
    from workers
    union all
    select
        concat('registers:contractor/', contractor_id),
        'contractor',
        display_name,
        email,
        zone,
        cast(null as string),
        instance,
        contractor_id,
        contractor_id,
        cast(null as string),
        cast(null as string),
        cast(null as string),
        cast(null as string),
        record_key,
        collection_id,
        'registers'
    from contractors

),

final as (

    select
        people.person_id,
        people.worker_type,
        people.display_name,
        people.work_email,
        coalesce(people.zone, engagement.zone) as zone,
        coalesce(people.calendar, engagement.business_calendar) as calendar,
        people.hris_instance,
        people.worker_id,
        people.employee_number,
        people.department,
        people.job_title,
        people.location,
        people.country,
        people.source,
        people.record_key,
        people.collection_id
    from people
    cross join engagement

)

select * from final
