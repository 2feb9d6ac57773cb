-- What the HRIS said of a person on a day: the fields that a birthright rule may ask for.
with people as (

    select * from {{ ref('int_people') }}

),

job_rows as (

    select * from {{ ref('stg_bamboohr__job_info') }}
    where gone_at is null and effective_on is not null
    qualify row_number() over (partition by instance, employee_id, effective_on order by try_cast(row_id as bigint) desc, row_id desc) = 1

),

bamboohr as (

    select
        people.person_id,
        job_rows.department,
        job_rows.job_title,
        job_rows.location,
        {{ start_of_day('job_rows.effective_on', 'people.zone') }} as valid_from,
        {{ start_of_day(
            'lead(job_rows.effective_on) over (partition by job_rows.instance, job_rows.employee_id order by job_rows.effective_on)',
            'people.zone'
        ) }} as valid_to
    from job_rows
    inner join people on people.person_id = concat(job_rows.instance, ':', job_rows.employee_id)

),

dated as (

    select
        bamboohr.person_id,
        fields.field,
        case fields.field when 'department' then department when 'job_title' then job_title else location end as value,
        valid_from,
        valid_to
    from bamboohr
    cross join (
        select 'department' as field
        union all
        select 'job_title'
        union all
        select 'location'
    ) as fields

),

undated as (

    select
        people.person_id,
        fields.field,
        case fields.field
            when 'department' then people.department
            when 'job_title' then people.job_title
            when 'location' then people.location
            when 'country' then people.country
            else people.worker_type
        end as value,
        {{ null_instant() }} as valid_from,
        {{ null_instant() }} as valid_to
    from people
    cross join (
        select 'department' as field
        union all
        select 'job_title'
        union all
        select 'location'
        union all
        select 'country'
        union all
        select 'worker_type'
    ) as fields
    left join dated on dated.person_id = people.person_id and dated.field = fields.field
    where dated.person_id is null

),

final as (

    select * from dated
    union all
    select * from undated

)

select * from final
